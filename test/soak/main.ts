/** `npm run soak`: 100,000 short sessions over each way to do I/O may leave less than 1 MB behind. */
import { createBalancer } from '../../src/control/create-balancer.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { CountingClock, usedBytes } from '../faults/leak-meter.ts'
import { IO_KINDS, listenerOf, openDescriptors } from '../faults/rig.ts'
import type { IoKind } from '../faults/rig.ts'
import { runShortSessions } from '../faults/short-sessions.ts'

const WARM_UP = 20_000
const SESSIONS = 100_000
const MOST_GROWTH_BYTES = 1_000_000
/** After a load like this, the last sockets need a while to go. */
const SETTLE = { timeoutMs: 30_000 }

for (const io of IO_KINDS) {
  const problems = await soak(io)
  for (const problem of problems) process.stdout.write(`  FAILED: ${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
}

async function soak(io: IoKind): Promise<string[]> {
  const startedAt = performance.now()
  await using echo = await echoBackend()
  const clock = new CountingClock()
  await using lb = await createBalancer({
    listen: '127.0.0.1:0',
    backends: [echo.port],
    check: 'off',
    io,
    clock,
  })
  const isQuiet = (): boolean => listenerOf(lb).active === 0 && echo.active === 0
  const descriptors = openDescriptors()
  await runShortSessions(lb.address, WARM_UP)
  await waitUntil(isQuiet, SETTLE)
  const before = await usedBytes()
  const { completed, aborted, failed } = await runShortSessions(lb.address, SESSIONS)
  await waitUntil(isQuiet, SETTLE)
  const growth = (await usedBytes()) - before

  const armed = clock.armed
  const open = openDescriptors()
  const leaks = await lb.close({ assertNoLeaks: true }).then(
    () => '',
    (error: Error) => error.message,
  )
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  process.stdout.write(
    `${io}: ${completed} completed, ${aborted} aborted, ${failed} failed; ${growth} bytes left behind; ${seconds} s\n`,
  )
  const checks: [boolean, string][] = [
    [failed === 0, `${failed} sessions failed`],
    [growth < MOST_GROWTH_BYTES, `${growth} bytes were left behind, the limit is ${MOST_GROWTH_BYTES}`],
    [open === descriptors, `${open} descriptors are open, unlike ${descriptors}`],
    [armed === 0, `${armed} timers are armed`],
    [leaks === '', leaks],
  ]
  return checks.filter(([isGood]) => !isGood).map(([, problem]) => problem)
}

// One after the other: each looks at the heap of this process.
await import('./http.ts')
