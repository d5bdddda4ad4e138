import t from 'tap'
import { sessionList } from '../../src/admin/session-list.ts'
import type { ControlPort, SessionFilter } from '../../src/control/port.ts'
import type { SessionSnapshot } from '../../src/core/snapshot.ts'
import type { Steps } from '../../src/core/steps.ts'

const PLAIN: SessionSnapshot = {
  id: 1,
  listener: 'main',
  client: '127.0.0.1:50123',
  pool: 'main',
  backend: 'a',
  tried: [],
  bytesIn: 0,
  bytesOut: 2 ** 40,
  queueMs: 0,
  connectMs: 0.123,
  ageMs: 86_400_000.5,
}
const HOSTILE: SessionSnapshot = {
  ...PLAIN,
  listener: '"}],"x":[{',
  client: 'unix',
  pool: '\n\u2028ü\ud800',
  backend: undefined,
  tried: [{ backend: '"\\', reason: 'refused' }],
  ageMs: 0.000_4,
}

function listed(sessions: readonly SessionSnapshot[]): {
  steps: number
  body: unknown
  filter: SessionFilter
} {
  let filter: SessionFilter = {}
  const control = {
    sessionCount: 7,
    *visitSessions(of: SessionFilter, visit: (session: SessionSnapshot) => void): Steps<void> {
      filter = of
      for (const session of sessions) {
        visit(session)
        yield
      }
    },
  }
  const steps = [...sessionList(control as unknown as ControlPort, { pool: 'main', most: 5 })]
  const bytes = Buffer.concat(steps.filter((step): step is Buffer => step instanceof Buffer))
  return { steps: steps.length, body: JSON.parse(bytes.toString()), filter }
}

void t.test(
  'a list of sessions is JSON as it would be written in one go, times to the microsecond',
  (sub) => {
    const { body, filter } = listed([PLAIN, HOSTILE])
    const { backend: _, ...hostile } = HOSTILE
    sub.strictSame(body, { sessions: [PLAIN, { ...hostile, ageMs: 0 }], total: 7 })
    sub.same(filter, { pool: 'main', most: 5 })
    sub.end()
  },
)

void t.test('an empty list is one too', (sub) => {
  sub.strictSame(listed([]).body, { sessions: [], total: 7 })
  sub.end()
})

void t.test('a long one comes in steps', (sub) => {
  const { steps, body } = listed(Array.from({ length: 1_000 }, () => PLAIN))
  sub.equal((body as { sessions: unknown[] }).sessions.length, 1_000)
  sub.equal(steps, 1_001)
  sub.end()
})
