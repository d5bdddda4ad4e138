/**
 * The HTTP part of `npm run soak`: 50,000 requests over each way to do I/O, with aborts by clients and backends, may
 * leave less than 0.5 MB behind, no lease, no session, no timer and no descriptor.
 */
import { createBalancer } from '../../src/control/create-balancer.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { CountingClock, usedBytes } from '../faults/leak-meter.ts'
import { IO_KINDS, listenerOf, openDescriptors } from '../faults/rig.ts'
import type { IoKind } from '../faults/rig.ts'
import { unrulyBackend } from '../http/unruly-backend.ts'
import { unrulyLoad } from '../http/unruly-load.ts'

const CONNECTIONS = 64
const WARM_UP = 20_000
const REQUESTS = 50_000
/** 1 MB per 100,000. */
const MOST_GROWTH_BYTES = 500_000
/** After a load like this, the last sockets need a while to go. */
const SETTLE = { timeoutMs: 30_000 }

for (const io of IO_KINDS) {
  const problems = await soak(io)
  for (const problem of problems) process.stdout.write(`  FAILED: ${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}

async function soak(io: IoKind): Promise<string[]> {
  const startedAt = performance.now()
  const random = seededRandom(1)
  const backends = await Promise.all([1, 2, 3].map(() => unrulyBackend(random)))
  const clock = new CountingClock()
  const descriptors = openDescriptors()
  const lb = await createBalancer({
    listen: '127.0.0.1:0',
    mode: 'http',
    backends: backends.map(({ port }) => port),
    check: 'off',
    eject: false,
    io,
    clock,
  })
  const load = { port: lb.port, connections: CONNECTIONS, random }
  // What backends keep of each other's connections, and the balancer of idle ones, goes before each look.
  const used = async (): Promise<number> => {
    await waitUntil(() => listenerOf(lb).active === 0, SETTLE)
    await waitUntil(() => backends.every(({ active }) => active === 0), SETTLE)
    for (const { sessions } of backends) sessions.length = 0
    return usedBytes()
  }
  await unrulyLoad({ ...load, requests: WARM_UP })
  const before = await used()
  const totals = await unrulyLoad({ ...load, requests: REQUESTS })
  const growth = (await used()) - before
  const timers = clock.armed
  const leaks = await lb.close({ assertNoLeaks: true }).then(
    () => '',
    (error: Error) => error.message,
  )
  await waitUntil(() => openDescriptors() <= descriptors, SETTLE).catch(() => undefined) // Told below.
  const left = openDescriptors() - descriptors
  for (const backend of backends) await backend.stop()

  const { whole, refused, cut, aborted, wrong } = totals
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  process.stdout.write(
    `HTTP, ${io}: ${whole} whole, ${refused} refused, ${cut} cut, ${aborted} aborted; ${growth} bytes left behind; ${seconds} s\n`,
  )
  const checks: [boolean, string][] = [
    [wrong.length === 0, `${wrong.length} answers were wrong: ${wrong.slice(0, 3).join('; ')}`],
    [whole + refused + cut + aborted === REQUESTS, 'not every request is accounted for'],
    [growth < MOST_GROWTH_BYTES, `${growth} bytes were left behind, the limit is ${MOST_GROWTH_BYTES}`],
    [left === 0, `${left} descriptors more than before are open`],
    [timers === 0, `${timers} timers are armed`],
    [leaks === '', leaks],
  ]
  return checks.filter(([isGood]) => !isGood).map(([, problem]) => problem)
}
