import { test } from 'tap'
import { TimerWheel } from '../../src/core/timer-wheel.ts'
import type { RelayEnd, RelayOptions } from '../../src/net/relay.ts'
import { Relay } from '../../src/net/relay.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { FakeConn } from './fake-conn.ts'

const RESOLUTION_MS = 10
const LATE_MS = 2 * RESOLUTION_MS
const GRACE_MS = 50

class Rig {
  readonly clock = new ManualClock()
  readonly wheel = new TimerWheel({ clock: this.clock, resolutionMs: RESOLUTION_MS })
  readonly client = new FakeConn()
  readonly backend = new FakeConn()
  readonly ends: RelayEnd[] = []
  readonly relay: Relay

  constructor(options: Partial<RelayOptions> = {}) {
    this.relay = new Relay(
      this.client.asConn,
      this.backend.asConn,
      { onRelayEnd: (_relay, end) => void this.ends.push(end) },
      { wheel: this.wheel, idleTimeoutMs: 600_000, halfClosedTimeoutMs: 60_000, ...options },
    )
    this.client.isReading = true
  }

  start(...early: string[]): this {
    this.relay.start(early.map((text) => Buffer.from(text)))
    return this
  }

  get codes(): string[] {
    return this.ends.map(({ code, reason }) => `${code} ${reason}`)
  }
}

void test('data', async (t) => {
  void t.test('goes both ways', (sub) => {
    const { client, backend } = new Rig().start()
    client.says('question')
    backend.says('answer')
    sub.same(backend.log, ['write question'])
    sub.same(client.log, ['write answer'])
    sub.ok(client.isReading && backend.isReading)
    sub.end()
  })

  void t.test('is not read while the other side does not take it', (sub) => {
    const { client, backend } = new Rig().start()
    backend.takes = false
    client.says('a')
    sub.equal(client.isReading, false)
    sub.equal(backend.isReading, true, 'the other way goes on')
    backend.drains()
    sub.equal(client.isReading, true)
    sub.end()
  })

  void t.test('that came early goes first, in one piece', (sub) => {
    const { client, backend } = new Rig().start('a', 'b', 'c')
    client.says('d')
    sub.same(backend.log, ['write abc', 'write d'])
    sub.same(new Rig().start('only').backend.log, ['write only'])
    sub.end()
  })

  void t.test('that came early holds the client back until the backend took it', (sub) => {
    const rig = new Rig()
    rig.backend.takes = false
    rig.start('a')
    sub.equal(rig.client.isReading, false)
    sub.equal(rig.backend.isReading, true, 'the backend may speak')
    rig.backend.drains()
    sub.equal(rig.client.isReading, true)
    sub.end()
  })
})

void test('an end', async (t) => {
  void t.test('is passed on alone; the second one closes both sides', (sub) => {
    const rig = new Rig().start()
    rig.client.ends()
    sub.same(rig.backend.log, ['end'])
    sub.same(rig.ends, [])
    rig.backend.says('answer')
    rig.backend.ends()
    sub.same(rig.client.log, ['write answer', 'close'], 'closing sends the FIN')
    sub.same(rig.backend.log, ['end', 'close'])
    sub.same(rig.codes, ['-- done'])
    sub.equal(rig.wheel.size, 0)
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test('that came while we dialled is passed on after the early bytes', (sub) => {
    const rig = new Rig()
    rig.client.ended = true
    rig.start('a')
    sub.same(rig.backend.log, ['write a', 'end'])
    const slow = new Rig()
    slow.client.ended = true
    slow.backend.takes = false
    slow.start('a')
    sub.same(slow.backend.log, ['write a'])
    slow.backend.drains()
    sub.same(slow.backend.log, ['write a', 'end'])
    sub.end()
  })

  void t.test('waits for what is on its way to the other side', (sub) => {
    const rig = new Rig().start()
    rig.backend.ends()
    rig.backend.takes = false
    rig.client.says('last words')
    rig.client.ends()
    sub.same(rig.ends, [])
    rig.backend.drains()
    sub.same(rig.codes, ['-- done'])
    sub.same(rig.backend.log, ['write last words', 'end', 'close'])
    sub.end()
  })

  void t.test('of both is noticed by the timer, should no drain tell of it', (sub) => {
    const rig = new Rig().start()
    rig.client.ends()
    rig.client.isWriting = true
    rig.backend.ends()
    sub.same(rig.ends, [])
    rig.client.isWriting = false
    rig.clock.advance(GRACE_MS + LATE_MS)
    sub.same(rig.codes, ['-- done'])
    sub.end()
  })
})

void test('a reset', async (t) => {
  void t.test('is passed on at once to a side that was sent nothing', (sub) => {
    const rig = new Rig().start()
    rig.backend.breaks()
    sub.same(rig.codes, ['SD backend-reset'])
    sub.same(rig.client.log, ['reset'])
    sub.same(rig.backend.log.filter((entry) => entry === 'reset').length > 0, true)
    sub.equal(rig.wheel.size, 0)
    sub.end()
  })

  void t.test('is passed on at once where all has long been sent', (sub) => {
    const rig = new Rig().start()
    rig.client.says('a')
    rig.clock.advance(3_000)
    rig.client.breaks()
    sub.same(rig.codes, ['CD client-reset'])
    sub.end()
  })

  void t.test('does not overtake what was written just before', (sub) => {
    const rig = new Rig().start()
    rig.client.says('a')
    rig.client.breaks()
    sub.equal(rig.client.closed, true)
    sub.same(rig.ends, [])
    rig.backend.says('more') // It was on its way already.
    rig.backend.ends()
    sub.same(rig.ends, [])
    rig.clock.advance(GRACE_MS + LATE_MS)
    sub.same(rig.codes, ['CD client-reset'])
    sub.equal(rig.backend.log.at(-1), 'reset')
    sub.end()
  })

  void t.test('waits for a write that waits, but not for ever', (sub) => {
    const drained = new Rig().start()
    drained.client.takes = false
    drained.backend.says('a')
    drained.backend.breaks()
    drained.clock.advance(5_000)
    sub.same(drained.ends, [])
    drained.client.drains()
    sub.same(drained.ends, [])
    drained.clock.advance(GRACE_MS + LATE_MS)
    sub.same(drained.codes, ['SD backend-reset'])

    const stuck = new Rig({ halfClosedTimeoutMs: 10_000 }).start()
    stuck.client.takes = false
    stuck.backend.says('a')
    stuck.backend.breaks()
    stuck.clock.advance(9_900)
    sub.same(stuck.ends, [])
    stuck.clock.advance(100 + GRACE_MS + LATE_MS)
    sub.same(stuck.codes, ['SD backend-reset'])
    sub.equal(stuck.client.log.at(-1), 'reset')
    sub.end()
  })

  void t.test('of both sides ends it at once, for the reason of the first', (sub) => {
    const read = new Rig().start()
    read.client.says('a')
    read.client.breaks()
    read.backend.breaks()
    sub.same(read.codes, ['CD client-reset'])
    const written = new Rig().start()
    written.backend.takes = false
    written.client.says('a')
    written.client.breaks()
    written.backend.writeFails()
    sub.same(written.codes, ['CD client-reset'])
    sub.equal(written.wheel.size, 0)
    sub.end()
  })

  void t.test('by any other cause is named by its code', (sub) => {
    const rig = new Rig().start()
    rig.client.breaks('ETIMEDOUT')
    sub.same(rig.codes, ['CD client-ETIMEDOUT'])
    sub.end()
  })

  void t.test('that a write meets lets the other way come to its end first', (sub) => {
    const rig = new Rig().start()
    rig.backend.failure = 'EPIPE'
    rig.client.says('upload')
    sub.equal(rig.client.isReading, false)
    sub.same(rig.ends, [])
    rig.backend.says('413')
    sub.same(rig.client.log, ['write 413'], 'what the backend said before is delivered')
    rig.backend.ends()
    rig.clock.advance(GRACE_MS + LATE_MS)
    sub.same(rig.codes, ['SD backend-reset'])
    sub.equal(rig.client.log.at(-1), 'reset')
    sub.end()
  })

  void t.test('that a write meets at a side that has ended is passed on at once', (sub) => {
    const rig = new Rig().start()
    rig.client.ends()
    rig.client.failure = 'EPIPE'
    rig.backend.says('answer')
    sub.same(rig.codes, ['CD client-reset'])
    const later = new Rig().start()
    later.client.ends()
    later.client.takes = false
    later.backend.says('answer')
    later.client.writeFails()
    sub.same(later.codes, ['CD client-reset'])
    sub.end()
  })

  void t.test('that writes meet at both sides ends it at once, for the reason of the first', (sub) => {
    const stalled = new Rig().start()
    stalled.backend.takes = false
    stalled.client.says('upload')
    stalled.client.failure = 'EPIPE'
    stalled.backend.says('answer')
    sub.equal(
      stalled.client.isReading || stalled.backend.isReading,
      false,
      'the backend may still take the upload',
    )
    stalled.backend.writeFails()
    sub.same(stalled.codes, ['CD client-reset'])
    sub.ok(stalled.client.closed && stalled.backend.closed)

    const answered = new Rig().start()
    answered.backend.failure = 'EPIPE'
    answered.client.says('upload')
    answered.client.failure = 'EPIPE'
    answered.backend.says('413')
    sub.same(answered.codes, ['SD backend-reset'])

    const slow = new Rig().start()
    slow.client.takes = false
    slow.backend.failure = 'EPIPE'
    slow.client.says('upload')
    slow.backend.says('413')
    slow.client.writeFails()
    sub.same(slow.codes, ['SD backend-reset'])
    sub.end()
  })

  void t.test('is what an end becomes where the other side takes nothing any more', (sub) => {
    const rig = new Rig().start()
    rig.backend.failure = 'EPIPE'
    rig.client.ends()
    sub.same(rig.codes, ['SD backend-reset'])
    sub.end()
  })
})

void test('silence', async (t) => {
  void t.test('of both sides ends it by the side that should have spoken', (sub) => {
    const started = new Rig({ idleTimeoutMs: 1_000 }).start()
    started.clock.advance(999)
    sub.same(started.ends, [])
    started.clock.advance(1 + LATE_MS)
    sub.same(started.codes, ['cD idle-timeout'], 'nobody spoke: the client')
    sub.same(started.client.log, ['reset'])
    sub.same(started.backend.log, ['reset'])

    const asked = new Rig({ idleTimeoutMs: 1_000 }).start()
    asked.client.says('?')
    asked.clock.advance(1_000 + LATE_MS)
    sub.same(asked.codes, ['sD idle-timeout'])

    const answered = new Rig({ idleTimeoutMs: 1_000 }).start()
    answered.client.says('?')
    answered.backend.says('!')
    answered.clock.advance(1_000 + LATE_MS)
    sub.same(answered.codes, ['cD idle-timeout'])
    sub.end()
  })

  void t.test('is blamed on the side that does not take its bytes', (sub) => {
    for (const [slow, talker, code] of [
      ['client', 'backend', 'cD'],
      ['backend', 'client', 'sD'],
    ] as const) {
      const rig = new Rig({ idleTimeoutMs: 1_000 }).start()
      rig[slow].takes = false
      rig[talker].says('a')
      rig.clock.advance(1_000 + LATE_MS)
      sub.same(rig.codes, [`${code} idle-timeout`])
    }
    sub.end()
  })

  void t.test('begins anew with every byte and every drain', (sub) => {
    const rig = new Rig({ idleTimeoutMs: 1_000 }).start()
    for (let i = 0; i < 5; i++) {
      rig.clock.advance(900)
      rig.client.says('a')
      rig.clock.advance(900)
      rig.backend.says('b')
    }
    rig.client.takes = false
    rig.backend.says('c')
    rig.clock.advance(900)
    rig.client.drains()
    rig.clock.advance(900)
    sub.same(rig.ends, [])
    rig.clock.advance(100 + LATE_MS)
    sub.equal(rig.ends.length, 1)
    sub.end()
  })

  void t.test('after one end has a limit of its own', (sub) => {
    for (const [ender, code] of [
      ['client', 'sD'],
      ['backend', 'cD'],
    ] as const) {
      const rig = new Rig({ idleTimeoutMs: 100_000, halfClosedTimeoutMs: 1_000 }).start()
      rig.clock.advance(50_000)
      rig[ender].ends()
      rig.clock.advance(999)
      sub.same(rig.ends, [], 'it counts from the end on')
      rig.clock.advance(1 + LATE_MS)
      sub.same(rig.codes, [`${code} half-closed-timeout`])
    }
    sub.end()
  })

  void t.test('takes nothing away from a slow reader that has the whole other way before it', (sub) => {
    for (const [ender, reader, code] of [
      ['client', 'backend', 'sD'],
      ['backend', 'client', 'cD'],
    ] as const) {
      const rig = new Rig({ halfClosedTimeoutMs: 1_000 }).start()
      rig[ender].says('all of it')
      rig[ender].ends()
      rig.clock.advance(1_000 + LATE_MS)
      sub.same(rig.codes, [`${code} half-closed-timeout`])
      sub.same(rig[reader].log, ['write all of it', 'end', 'close'], 'the system sends the rest, and its end')
      sub.same(rig[ender].log, ['reset'], 'its way back was cut')

      const stuck = new Rig({ halfClosedTimeoutMs: 1_000 }).start()
      stuck[reader].takes = false
      stuck[ender].says('some of it')
      stuck[ender].ends()
      stuck.clock.advance(1_000 + LATE_MS)
      sub.equal(stuck[reader].log.at(-1), 'reset', 'who was not given all of it must see that')
    }
    sub.end()
  })

  void t.test('lasts for ever where the limit is 0', (sub) => {
    const rig = new Rig({ idleTimeoutMs: 0, halfClosedTimeoutMs: 0 }).start()
    rig.clock.advance(200_000)
    rig.client.ends()
    rig.clock.advance(200_000)
    sub.same(rig.ends, [])
    rig.relay.abort({ code: 'KD', reason: 'shutdown' })
    sub.equal(rig.clock.pending, 0)
    sub.end()
  })

  void t.test('of half a minute turns keep-alive on, once, and gives memory back', (sub) => {
    const rig = new Rig().start()
    rig.clock.advance(29_000)
    sub.same(rig.client.log, [])
    rig.clock.advance(1_000 + LATE_MS)
    sub.same(rig.client.log, ['keepAlive', 'trim'])
    sub.same(rig.backend.log, ['keepAlive', 'trim'])
    rig.clock.advance(29_000)
    rig.client.says('a')
    rig.clock.advance(1_000 + LATE_MS)
    sub.same(rig.client.log, ['keepAlive', 'trim'], 'but no memory of a flow under way')
    sub.end()
  })
})

void test('an abort resets both sides, once', (t) => {
  const rig = new Rig().start()
  rig.client.says('a')
  rig.relay.abort({ code: 'KD', reason: 'shutdown' })
  rig.relay.abort({ code: 'DD', reason: 'backend-down' })
  t.same(rig.codes, ['KD shutdown'])
  t.same(rig.client.log, ['reset'])
  t.same(rig.backend.log, ['write a', 'reset'])
  t.equal(rig.wheel.size, 0)

  const decided = new Rig().start()
  decided.client.says('a')
  decided.client.breaks()
  decided.relay.abort({ code: 'KD', reason: 'shutdown' })
  t.same(decided.codes, ['CD client-reset'], 'what ended it before stays the reason')
  t.end()
})
