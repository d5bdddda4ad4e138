// A balancer in a process of its own, for faults that hit a whole process: limits, stops, memory, namespaces. Options
// come as the first argument, how many descriptors it may have as the second; requests come over IPC, and events go
// back over it. See start-balancer-process.ts.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { BalancerOptions } from '../../src/config/options.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'

const EVENTS = [
  'backend:up',
  'backend:down',
  'backend:eject',
  'backend:check',
  'connect:retry',
  'fault:local',
  'listener:full',
  'session:close',
] as const

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

// Only now: to load its modules takes more of them, many at once.
const descriptors = process.argv[3]
if (descriptors !== undefined) {
  execFileSync('prlimit', [`--nofile=${descriptors}:${descriptors}`, `--pid=${process.pid}`])
}

const balancer = await createBalancer(JSON.parse(process.argv[2] ?? '{}') as BalancerOptions)

for (const name of EVENTS) balancer.on(name, (payload: unknown) => process.send?.({ event: name, payload }))

const operations = {
  address: () => balancer.address,
  snapshot: () => balancer.snapshot(),
  descriptors: () => readdirSync('/proc/self/fd').length,
  memory: () => {
    collectGarbage()
    collectGarbage()
    return process.memoryUsage()
  },
  /** The loop stands still, as in a long synchronous computation. */
  block: (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
}

export type Operation = keyof typeof operations

interface Request {
  readonly id: number
  readonly operation: Operation
  readonly argument: number
}

process.on('message', ({ id, operation, argument }: Request) => {
  process.send?.({ id, answer: operations[operation](argument) })
})
process.on('disconnect', () => void balancer.close())
process.send?.({ event: 'ready' })
