import { test } from 'tap'
import { resolveOptions } from '../../../src/config/resolve.ts'
import type { HttpConfig } from '../../../src/config/schema.ts'
import { Events } from '../../../src/core/events.ts'
import { TimerWheel } from '../../../src/core/timer-wheel.ts'
import type { HttpPool } from '../../../src/handlers/http/forward-http.ts'
import { ForwardHttp } from '../../../src/handlers/http/forward-http.ts'
import { Session } from '../../../src/net/session.ts'
import type { SessionOutcome } from '../../../src/net/session.ts'
import { ManualClock } from '../../../src/testing/manual-clock.ts'
import { FakeConn } from '../../net/fake-conn.ts'
import { get } from './rig.ts'

const KEEP_ALIVE_MS = 1_000
const IDLE_MS = 60_000

/** A session of which the test plays the client; there is no way to any backend. */
class Rig {
  readonly clock = new ManualClock()
  readonly conn = new FakeConn()
  readonly outcomes: SessionOutcome[] = []
  readonly forward: ForwardHttp

  constructor() {
    const wheel = new TimerWheel({ clock: this.clock, resolutionMs: 10 })
    this.forward = new ForwardHttp({
      config: configWithoutWay(),
      listener: 'main',
      pool: 'main',
      poolOf: () => ({ connect: {}, stickiness: { kind: 'off' } }) as HttpPool,
      relay: { wheel, idleTimeoutMs: IDLE_MS, halfClosedTimeoutMs: IDLE_MS },
      clock: this.clock,
      random: () => 0.5,
      wheel,
      events: new Events(),
    })
    const owner = {
      name: 'main',
      onSessionEnd: (_session: Session, outcome: SessionOutcome) => void this.outcomes.push(outcome),
    }
    this.forward.handle(new Session(owner, this.conn.asConn, { id: 1, startedAt: 0 }))
  }

  /** The answer is taken to be sent at the end of the turn, and then the client's side is full. */
  answerWithoutRoom(): void {
    this.conn.says(get())
    this.conn.isWriting = true
    this.conn.log.length = 0
  }

  get said(): readonly string[] {
    return this.conn.log
  }
}

/** Every request asks for a host that no route is for. */
function configWithoutWay(): HttpConfig {
  const [listener] = resolveOptions({
    listen: 0,
    mode: 'http',
    keepAliveTimeout: KEEP_ALIVE_MS,
    pools: { other: { backends: [1] } },
    routes: [{ host: 'b.example', pool: 'other' }],
  }).listeners
  return listener?.http as HttpConfig
}

void test('a connection whose last response the client has not taken yet is no idle one', (t) => {
  void t.test('the keep-alive timeout ends it behind the response', (sub) => {
    const rig = new Rig()
    rig.answerWithoutRoom()
    rig.clock.advance(KEEP_ALIVE_MS + 200)
    sub.same(rig.said, ['end'], 'a FIN behind what is written')
    rig.conn.ended = true
    rig.conn.drains()
    sub.same(rig.said, ['end', 'close'])
    sub.same(rig.outcomes, [{ code: '--', reason: 'done' }])
    sub.end()
  })

  void t.test('so does the end of a drain', (sub) => {
    const rig = new Rig()
    rig.answerWithoutRoom()
    rig.forward.drain()
    rig.clock.advance(500)
    sub.same(rig.said, ['end'])
    sub.end()
  })

  void t.test('who never takes it is reset, which is told', (sub) => {
    const rig = new Rig()
    rig.answerWithoutRoom()
    rig.clock.advance(KEEP_ALIVE_MS + IDLE_MS + 10_000)
    sub.same(rig.said, ['end', 'reset'])
    sub.same(rig.outcomes, [{ code: 'cD', reason: 'idle-timeout' }])
    sub.end()
  })

  void t.test('one that resets amid it is told from one that had it all', (sub) => {
    for (const isWriting of [true, false]) {
      const rig = new Rig()
      rig.answerWithoutRoom()
      rig.clock.advance(KEEP_ALIVE_MS + 200)
      rig.conn.isWriting = isWriting
      rig.conn.breaks()
      sub.equal(rig.outcomes[0]?.code, isWriting ? 'CD' : '--')
    }
    sub.end()
  })
  t.end()
})
