import t from 'tap'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { CountingClock, usedBytes } from './leak-meter.ts'
import { backendOf, endCounts, listenerOf, openDescriptors, overBothIos } from './rig.ts'
import { runShortSessions } from './short-sessions.ts'

const WARM_UP = 1_000
const SESSIONS = 2_400

/** 100,000 sessions may leave 1 MB; what so few leave drowns in what the runtime itself does to the heap. */
const MOST_GROWTH_BYTES = 1_000_000

overBothIos(t, 'F24: short sessions, a third of them aborted, leave nothing behind', async (sub, start) => {
  await using echo = await echoBackend()
  const clock = new CountingClock()
  const lb = await start({ backends: [`a=${echo.port}`], clock })
  const descriptors = openDescriptors()
  await runShortSessions(lb.address, WARM_UP)
  await waitUntil(() => listenerOf(lb).active === 0 && echo.active === 0)
  const before = await usedBytes()

  const { completed, aborted, failed } = await runShortSessions(lb.address, SESSIONS)
  sub.strictSame([completed, aborted, failed], [1_600, 800, 0])
  await waitUntil(() => listenerOf(lb).active === 0 && echo.active === 0)
  sub.equal(clock.armed, 0, 'the wheel is empty')
  await waitUntil(() => openDescriptors() === descriptors)
  const growth = (await usedBytes()) - before
  sub.ok(growth < MOST_GROWTH_BYTES, `the heap grew by ${growth} bytes`)

  const ends = Object.entries(endCounts(lb)).reduce((sum, [, count]) => sum + count, 0)
  sub.equal(ends, WARM_UP + SESSIONS, 'every session is counted once')
  sub.equal(listenerOf(lb).accepted, WARM_UP + SESSIONS)
  sub.strictSame(
    Object.keys(endCounts(lb)).filter((code) => !['--', 'CC', 'CD'].includes(code)),
    [],
  )
  sub.equal(backendOf(lb, 'a').connectFailures, 0)
})
