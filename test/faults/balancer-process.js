// A balancer in a process of its own, for faults that hit a whole process: limits, stops, memory, namespaces. Options
// come as the argument, requests over IPC, and events go back over it; see start-balancer-process.ts. It is JavaScript
// over the built package because a process that compiles TypeScript first takes seconds, and descriptors, to start.
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createBalancer } from '../../dist/index.js'

const EVENTS = [
  'backend:up',
  'backend:down',
  'backend:eject',
  'backend:check',
  'connect:retry',
  'fault:local',
  'listener:full',
  'session:close',
]

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

const balancer = await createBalancer(JSON.parse(process.argv[2] ?? '{}'))

for (const name of EVENTS) balancer.on(name, (payload) => process.send?.({ event: name, payload }))

const operations = {
  address: () => balancer.address,
  snapshot: () => balancer.snapshot(),
  descriptors: () => readdirSync('/proc/self/fd').length,
  memory: () => {
    collectGarbage()
    collectGarbage()
    return process.memoryUsage()
  },
  // The loop stands still, as in a long synchronous computation.
  block: (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
}

process.on('message', ({ id, operation, argument }) => {
  process.send?.({ id, answer: operations[operation](argument) })
})
process.on('disconnect', () => void balancer.close())
process.send?.({ event: 'ready' })
