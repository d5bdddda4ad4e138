import { test } from 'tap'
import { resolveOptions } from '../../src/config/resolve.ts'
import { LocalFaults } from '../../src/control/local-faults.ts'
import { sessionEnd } from '../../src/control/session-end.ts'
import { Throttle } from '../../src/control/throttle.ts'
import { wheelResolution } from '../../src/control/wheel-resolution.ts'
import { Events } from '../../src/core/events.ts'
import { Session } from '../../src/net/session.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { FakeConn } from '../net/fake-conn.ts'

void test('a throttle reports at once, then at most once a second, and loses no count', (t) => {
  const clock = new ManualClock()
  const reports: number[] = []
  const throttle = new Throttle({ clock, report: (count) => void reports.push(count) })
  throttle.flush()
  t.same(reports, [], 'nothing has happened')
  for (let i = 0; i < 5; i++) throttle.add()
  t.same(reports, [1])
  clock.advance(999)
  throttle.add()
  t.same(reports, [1])
  clock.advance(1)
  t.same(reports, [1, 5], 'whether or not it goes on')
  throttle.add()
  clock.advance(500)
  t.same(reports, [1, 5])
  throttle.flush()
  throttle.flush()
  t.same(reports, [1, 5, 1])
  t.equal(clock.pending, 0)
  throttle.add()
  clock.advance(10_000)
  t.same(reports, [1, 5, 1, 1])
  t.equal(clock.pending, 0, 'nothing is left where nothing happens')
  t.end()
})

void test('faults of this machine are explained, each kind with a throttle of its own (F10, F11)', (t) => {
  const clock = new ManualClock()
  const events = new Events()
  const said: string[] = []
  events.on('fault:local', ({ code, message }) => said.push(`${code}: ${message}`))
  const faults = new LocalFaults({ clock, events })
  for (const code of ['EMFILE', 'EMFILE', 'EADDRNOTAVAIL', 'EOTHER', 'EMFILE']) faults.report(code)
  t.same(said, [
    'EMFILE: this process has no descriptor left: raise `ulimit -n` or lower --max-connections',
    'EADDRNOTAVAIL: this machine has no local port or address left for connections to that backend',
    'EOTHER: a fault of this machine',
  ])
  faults.flush()
  t.match(said[3], /^EMFILE: .* \(2 times\)$/)
  t.equal(said.length, 4)
  t.end()
})

void test('the wheel turns ten times within the smallest timeout, within bounds', (t) => {
  t.equal(resolution({}), 100)
  t.equal(resolution({ connectTimeout: 500 }), 50)
  t.equal(resolution({ checkTimeout: '200ms' }), 20)
  t.equal(resolution({ idleTimeout: 300, queueTimeout: 100 }), 10)
  t.equal(resolution({ halfClosedTimeout: 10 }), 5, 'never finer')
  t.equal(resolution({ connectTimeout: 0, idleTimeout: 0 }), 100, '0 is no timeout')
  t.end()
})

void test('the record of a session that no handler took is whole', (t) => {
  const owner = { name: 'l', onSessionEnd: () => undefined }
  const session = new Session(owner, new FakeConn().asConn, { id: 7, startedAt: 100 })
  const listener = { active: 3, config: { name: 'main' } }
  t.strictSame(sessionEnd(session, { code: 'PC', reason: 'no' }, { listener, now: 150 }), {
    id: 7,
    listener: 'main',
    client: '192.0.2.1:50000',
    pool: '',
    backend: undefined,
    tried: [],
    code: 'PC',
    reason: 'no',
    bytesIn: 0,
    bytesOut: 0,
    queueMs: 0,
    connectMs: 0,
    totalMs: 50,
    listenerActive: 3,
    backendActive: 0,
    faults: [],
  })
  t.end()
})

function resolution(options: object): number {
  return wheelResolution(resolveOptions({ listen: 0, backends: [], ...options }))
}
