import { test } from 'tap'
import { strategies } from '../../src/balance/strategies.ts'
import type { Backend, BackendSpec } from '../../src/core/backend.ts'
import { Events } from '../../src/core/events.ts'
import { TimerWheel } from '../../src/core/timer-wheel.ts'
import type { ConnectOptions } from '../../src/handlers/connector.ts'
import { ForwardTcp } from '../../src/handlers/forward-tcp.ts'
import type { Dialer, DialSink } from '../../src/net/dial.ts'
import type { SessionOutcome } from '../../src/net/session.ts'
import { Session } from '../../src/net/session.ts'
import { Pool } from '../../src/pool/pool.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { turns } from '../net/conn-rig.ts'
import { FakeConn } from '../net/fake-conn.ts'

interface PendingDial {
  readonly id: string
  readonly timeoutMs: number
  readonly sink: DialSink
  cancelled: boolean
}

interface RigOptions extends Partial<ConnectOptions> {
  readonly backends?: number
  readonly maxConnections?: number
  readonly maxQueue?: number
}

/** A handler before a pool of backends a, b, c, ... whose dials end as the test says. */
class Rig {
  readonly clock = new ManualClock()
  readonly wheel = new TimerWheel({ clock: this.clock, resolutionMs: 10 })
  readonly events = new Events()
  readonly dials: PendingDial[] = []
  readonly localFaults: string[] = []
  readonly blamed: string[] = []
  readonly retries: string[] = []
  readonly pool: Pool
  readonly handler: ForwardTcp

  constructor(options: RigOptions = {}) {
    const { clock, wheel, events } = this
    const { backends = 3, maxConnections = 0, maxQueue = 10, ...rest } = options
    this.pool = new Pool({
      name: 'main',
      strategy: strategies['first']({ random: seededRandom(1) }),
      queueTimeoutMs: 1_000,
      maxQueue,
      eject: false,
      whenAllDown: 'fail',
      slowStartMs: 0,
      clock,
      wheel,
      events,
    })
    for (let i = 0; i < backends; i++) this.pool.add(specOf(i, maxConnections))
    this.pool.refresh()
    const dialer = {
      dial: (target: { id: string }, timeoutMs: number, sink: DialSink) => {
        const dial: PendingDial = { id: target.id, timeoutMs, sink, cancelled: false }
        this.dials.push(dial)
        return { cancel: () => void (dial.cancelled = true) }
      },
    }
    const relay = { wheel, idleTimeoutMs: 0, halfClosedTimeoutMs: 0 }
    const connect: ConnectOptions = {
      pool: this.pool,
      dialer: dialer as unknown as Dialer,
      clock,
      random: () => 0,
      events,
      tls: { verify: true, secureContext: undefined },
      connectTimeoutMs: 5_000,
      retries: 3,
      onConnectFailed: ({ id }) => void this.blamed.push(id),
      onLocalFault: (code) => void this.localFaults.push(code),
      ...rest,
    }
    this.handler = new ForwardTcp(connect, relay)
    events.on('connect:retry', ({ id, reason, attempt }) => this.retries.push(`${attempt} ${id} ${reason}`))
  }

  session(): Client {
    return new Client(this)
  }

  get tried(): string {
    return this.dials.map(({ id }) => id).join('')
  }

  /** The dial that is under way, once `count` have begun. */
  async dial(count: number): Promise<PendingDial> {
    return await waitUntil(() => this.dials[count - 1], {
      describe: () => `dial ${count} after ${this.tried}`,
    })
  }

  async fail(count: number, reason = 'ECONNREFUSED'): Promise<void> {
    const { sink } = await this.dial(count)
    sink.onDialFailed(reason)
  }

  async succeed(count: number): Promise<FakeConn> {
    const { sink } = await this.dial(count)
    const conn = new FakeConn()
    sink.onDialed(conn.asConn)
    return conn
  }

  get active(): number {
    return [...this.pool.backends.values()].reduce((sum, { active }) => sum + active, 0)
  }
}

class Client {
  readonly conn = new FakeConn()
  readonly ends: SessionOutcome[] = []
  readonly session: Session

  constructor(rig: Rig) {
    const owner = {
      name: 'l',
      onSessionEnd: (_session: Session, end: SessionOutcome) => void this.ends.push(end),
    }
    this.session = new Session(owner, this.conn.asConn, { id: 1, startedAt: rig.clock.now() })
    rig.handler.handle(this.session)
  }

  get codes(): string[] {
    return this.ends.map(({ code, reason }) => `${code} ${reason}`)
  }

  async ended(): Promise<string> {
    await waitUntil(() => this.ends.length > 0, { describe: 'the end of a session' })
    return this.codes.join('; ')
  }
}

void test('a session whose first dial succeeds', async (t) => {
  const rig = new Rig()
  const client = rig.session()
  t.equal(rig.tried, 'a')
  t.equal(rig.dials[0]?.timeoutMs, 5_000)
  t.equal(client.conn.isReading, true, 'the client is read, so that its reset is seen')
  client.conn.says('early ')
  client.conn.says('bytes')
  rig.clock.advance(30)
  const backend = await rig.succeed(1)
  t.same(backend.log, ['write early bytes'])
  t.match(client.session.holder, {
    pool: 'main',
    backend: { id: 'a' },
    tried: [],
    connectMs: 30,
    queueMs: 0,
    bytesIn: 11,
  })
  backend.says('answer')
  t.equal(client.session.holder?.bytesOut, 6)
  backend.ends()
  client.conn.ends()
  t.same(client.codes, ['-- done'])
  t.equal(rig.active, 0)
  t.match(rig.pool.backends.get('a'), { bytesToBackend: 11, bytesToClient: 6, sessions: 1 })
  t.equal(rig.wheel.size, 0)
  t.same(client.session.client, '192.0.2.1:50000')
})

void test('a failed connect', async (t) => {
  void t.test('moves on at once to a backend not tried yet, the early bytes intact (F1)', async (sub) => {
    const rig = new Rig()
    const client = rig.session()
    client.conn.says('early')
    await rig.fail(1)
    await rig.fail(2, 'timeout')
    const backend = await rig.succeed(3)
    sub.equal(rig.tried, 'abc')
    sub.equal(rig.clock.now(), 0, 'no backoff')
    sub.same(backend.log, ['write early'])
    sub.same(client.session.holder?.tried, [
      { backend: 'a', reason: 'ECONNREFUSED' },
      { backend: 'b', reason: 'timeout' },
    ])
    sub.same(rig.retries, ['1 a ECONNREFUSED', '2 b timeout'])
    sub.same(rig.blamed, ['a', 'b'])
    sub.equal(rig.pool.retries, 2)
    sub.equal(rig.active, 1)
    backend.breaks()
    sub.equal(await client.ended(), 'SD backend-reset')
    sub.equal(rig.active, 0)
  })

  void t.test(
    'is retried exactly as often as configured, with a backoff once all were tried',
    async (sub) => {
      const rig = new Rig({ backends: 2, retries: 5 })
      const client = rig.session()
      await rig.fail(1)
      await rig.fail(2)
      // Half of 50, 100, ... ms: `random` gives 0. After each full round, as the tried ones are forgotten.
      for (const [count, backoffMs] of [
        [3, 25],
        [5, 50],
      ] as const) {
        await waitUntil(() => rig.clock.pending === 1)
        sub.equal(rig.clock.nextInMs, backoffMs)
        sub.equal(rig.dials.length, count - 1)
        rig.clock.advance(backoffMs)
        await rig.fail(count)
        await rig.fail(count + 1)
      }
      sub.equal(await client.ended(), 'SC connect-refused')
      sub.equal(rig.tried, 'ababab')
      sub.equal(client.session.holder?.tried.length, 6)
      sub.equal(rig.pool.retries, 5)
      sub.equal(client.conn.log.at(-1), 'reset')
      sub.equal(rig.active, 0)
      sub.equal(rig.clock.pending, 0)
    },
  )

  void t.test('waits no longer than a second, jittered by the given randomness', async (sub) => {
    const rig = new Rig({ backends: 1, retries: 8, random: () => 0.5 })
    const client = rig.session()
    const waits: number[] = []
    for (let count = 1; count <= 8; count++) {
      await rig.fail(count)
      await waitUntil(() => rig.clock.pending === 1)
      waits.push(rig.clock.nextInMs as number)
      rig.clock.advance(rig.clock.nextInMs as number)
    }
    await rig.fail(9)
    await client.ended()
    sub.same(waits, [37.5, 75, 150, 300, 600, 750, 750, 750])
  })

  void t.test('ends the session where no retry is configured, or none is left', async (sub) => {
    for (const [reason, end] of [
      ['ECONNREFUSED', 'SC connect-refused'],
      ['timeout', 'sC connect-timeout'],
      ['EHOSTUNREACH', 'SC connect-failed: EHOSTUNREACH'],
      ['EMFILE', 'RC connect-failed: EMFILE'],
    ] as const) {
      for (const retries of [0, 1]) {
        const rig = new Rig({ retries })
        const client = rig.session()
        for (let count = 1; count <= retries + 1; count++) await rig.fail(count, reason)
        sub.equal(await client.ended(), end)
        sub.equal(rig.dials.length, retries + 1)
        sub.equal(client.conn.log.at(-1), 'reset')
        sub.equal(client.session.holder?.backend, undefined)
      }
    }
  })

  void t.test('by a fault of this machine is held against no backend (F11)', async (sub) => {
    const rig = new Rig()
    rig.session()
    await rig.fail(1, 'EADDRNOTAVAIL')
    await rig.succeed(2)
    sub.equal(rig.tried, 'ab', 'another one is tried all the same')
    sub.same(rig.localFaults, ['EADDRNOTAVAIL'])
    sub.same(rig.blamed, [])
    sub.equal(rig.pool.backends.get('a')?.connectFailures, 0)
  })

  void t.test(
    'that has the session ended by who hears of it ends it once, and dials no more',
    async (sub) => {
      for (const retries of [0, 3]) {
        for (const [reason, hears] of [
          ['ECONNREFUSED', 'onConnectFailed'],
          ['EMFILE', 'onLocalFault'],
        ] as const) {
          const clients: Client[] = []
          const rig = new Rig({
            retries,
            [hears]: () => clients[0]?.session.holder?.abort({ code: 'KC', reason: 'balancer-closed' }),
          })
          clients.push(rig.session())
          await rig.fail(1, reason)
          await turns()
          sub.same(clients[0]?.codes, ['KC balancer-closed'])
          sub.same([rig.tried, rig.active, rig.clock.pending], ['a', 0, 0])
        }
      }
    },
  )

  void t.test('is not retried on a backend that has left meanwhile', async (sub) => {
    const rig = new Rig({ backends: 2 })
    const client = rig.session()
    const { sink } = await rig.dial(1)
    const a = rig.pool.backends.get('a')
    if (a !== undefined) rig.pool.remove(a)
    rig.pool.refresh()
    sink.onDialFailed('ECONNREFUSED')
    await rig.fail(2)
    sub.equal(rig.tried, 'ab')
    await waitUntil(() => rig.clock.pending === 1)
    for (const backend of rig.pool.backends.values()) rig.pool.remove(backend)
    rig.pool.refresh()
    rig.clock.advance(1_000)
    sub.equal(await client.ended(), 'SC no-backend')
  })
})

void test('a client that leaves', async (t) => {
  void t.test('while we dial calls the dial off and frees the lease (F9)', async (sub) => {
    const rig = new Rig()
    const client = rig.session()
    client.conn.breaks()
    sub.same(client.codes, ['CC client-reset'])
    sub.equal(rig.dials[0]?.cancelled, true)
    sub.equal(rig.active, 0)
  })

  void t.test('while we dial again ends the retries', async (sub) => {
    const rig = new Rig()
    const client = rig.session()
    await rig.fail(1)
    await rig.dial(2)
    client.conn.breaks()
    sub.same(client.codes, ['CC client-reset'])
    sub.equal(rig.dials[1]?.cancelled, true)
    await turns()
    sub.equal(rig.dials.length, 2)
    sub.equal(client.ends.length, 1)
    sub.equal(rig.active, 0)
  })

  void t.test('during a backoff ends it', async (sub) => {
    const rig = new Rig({ backends: 1 })
    const client = rig.session()
    await rig.fail(1)
    await waitUntil(() => rig.clock.pending === 1)
    client.conn.breaks()
    sub.same(client.codes, ['CC client-reset'])
    await turns()
    sub.equal(rig.clock.pending, 0)
    sub.equal(rig.dials.length, 1)
  })

  void t.test('only half, with a FIN, is still served', async (sub) => {
    const rig = new Rig()
    const client = rig.session()
    client.conn.says('question')
    client.conn.ends()
    sub.same(client.ends, [])
    const backend = await rig.succeed(1)
    sub.same(backend.log, ['write question', 'end'])
  })

  void t.test('has at most 64 KiB of early bytes read before a backend is there', async (sub) => {
    const rig = new Rig()
    const client = rig.session()
    client.conn.says('x'.repeat(65_535))
    sub.equal(client.conn.isReading, true)
    client.conn.says('y')
    sub.equal(client.conn.isReading, false)
    const backend = await rig.succeed(1)
    sub.equal(backend.bytesWritten, 65_536)
    sub.equal(client.conn.isReading, true)
  })
})

void test('a session that finds every backend full', async (t) => {
  void t.test('queues, and its time in the queue is told apart from its connecting', async (sub) => {
    const rig = new Rig({ backends: 1, maxConnections: 1 })
    const first = rig.session()
    const backend = await rig.succeed(1)
    const second = rig.session()
    sub.equal(rig.dials.length, 1)
    sub.equal(rig.pool.queued, 1)
    rig.clock.advance(300)
    backend.ends()
    first.conn.ends()
    await rig.dial(2)
    rig.clock.advance(40)
    await rig.succeed(2)
    sub.match(second.session.holder, { queueMs: 300, connectMs: 40 })
  })

  void t.test('gives up after the queue timeout', async (sub) => {
    const rig = new Rig({ backends: 1, maxConnections: 1 })
    rig.session()
    await rig.succeed(1)
    const second = rig.session()
    rig.clock.advance(1_020)
    sub.same(second.codes, ['sQ queue-timeout'])
    sub.equal(second.conn.log.at(-1), 'reset')
    sub.ok((second.session.holder?.queueMs ?? 0) >= 1_000)
  })

  void t.test('is sent away at once where the queue is full, or no backend could serve it', async (sub) => {
    const rig = new Rig({ backends: 1, maxConnections: 1, maxQueue: 1 })
    rig.session()
    await rig.succeed(1)
    const second = rig.session()
    const third = rig.session()
    sub.same(third.codes, ['RQ queue-full'])
    const a = rig.pool.backends.get('a')
    if (a !== undefined) rig.pool.setMode(a, 'drain')
    sub.same(second.codes, ['SQ no-backend'])
    sub.same(rig.session().codes, ['SC no-backend'])
  })

  void t.test('leaves the queue when its client leaves (F9)', async (sub) => {
    const rig = new Rig({ backends: 1, maxConnections: 1 })
    rig.session()
    await rig.succeed(1)
    const second = rig.session()
    second.conn.breaks()
    sub.same(second.codes, ['CQ client-reset'])
    sub.equal(rig.pool.queued, 0)
    sub.equal(rig.wheel.size, 1, 'that of the relay')
  })

  void t.test('after a failed connect queues for the others', async (sub) => {
    const rig = new Rig({ backends: 2, maxConnections: 1 })
    const first = rig.session()
    const onA = await rig.succeed(1)
    const onB = rig.session()
    await rig.succeed(2)
    onA.ends()
    first.conn.ends()
    const third = rig.session()
    await rig.fail(3)
    await waitUntil(() => rig.pool.queued === 1)
    sub.equal(rig.tried, 'aba')
    onB.session.holder?.abort({ code: 'KD', reason: 'test' })
    await rig.succeed(4)
    sub.equal(rig.tried, 'abab')
    sub.match(third.session.holder, { backend: { id: 'b' } })
  })
})

void test('an abort from outside', async (t) => {
  void t.test('ends a session that is served, dials or queues, once', async (sub) => {
    const rig = new Rig({ backends: 1, maxConnections: 2 })
    const served = rig.session()
    const backend = await rig.succeed(1)
    const dialling = rig.session()
    const queued = rig.session()
    for (const [client, code] of [
      [queued, 'KQ'],
      [served, 'KD'],
      [dialling, 'KC'],
    ] as const) {
      client.session.holder?.abort({ code: 'KD', reason: 'shutdown' })
      client.session.holder?.abort({ code: 'KD', reason: 'shutdown' })
      sub.equal(client.ends.length, 1)
      sub.match(client.ends[0], { code, reason: 'shutdown' })
      sub.equal(client.conn.log.at(-1), 'reset')
    }
    sub.equal(backend.log.at(-1), 'reset')
    sub.equal(rig.dials[1]?.cancelled, true)
    sub.equal(rig.active, 0)
    sub.equal(rig.pool.queued, 0)
    sub.equal(rig.clock.pending, 0)
  })
})

void test('a session over a unix socket has no address', (t) => {
  const conn = new FakeConn()
  conn.remoteAddress = ''
  const session = new Session({ name: 'l', onSessionEnd: () => undefined }, conn.asConn, {
    id: 1,
    startedAt: 0,
  })
  t.equal(session.client, 'unix')
  t.end()
})

function specOf(index: number, maxConnections: number): BackendSpec {
  return {
    id: String.fromCharCode(97 + index),
    address: { kind: 'tcp', host: '127.0.0.1', port: 3_001 + index },
    transport: 'plain',
    weight: 1,
    backup: false,
    maxConnections,
  }
}

void test('a backend that is removed while it is dialled', async (t) => {
  void t.test('keeps the session where its sessions may live on', async (sub) => {
    const rig = new Rig()
    const client = rig.session()
    rig.pool.remove(rig.pool.backends.get('a') as Backend)
    rig.pool.refresh()
    await rig.succeed(1)
    sub.equal(client.session.holder?.backend?.id, 'a')
    sub.equal(rig.tried, 'a')
  })

  void t.test('loses it to another where its sessions were closed', async (sub) => {
    const rig = new Rig()
    const client = rig.session()
    const gone = rig.pool.backends.get('a') as Backend
    rig.pool.remove(gone)
    gone.isClosed = true
    rig.pool.refresh()
    const conn = await rig.succeed(1)
    sub.same(conn.log, ['reset'])
    sub.equal(gone.active, 0)
    await rig.succeed(2)
    sub.equal(client.session.holder?.backend?.id, 'b')
    sub.same(rig.retries, ['1 a removed'])
    sub.same(rig.blamed, [], 'it is nobody’s fault')
  })

  void t.test('is not taken for another that has its name by now', async (sub) => {
    const rig = new Rig({ backends: 2 })
    rig.session()
    const gone = rig.pool.backends.get('a') as Backend
    rig.pool.remove(gone)
    rig.pool.add(specOf(0, 0))
    rig.pool.reorder(['a', 'b'])
    rig.pool.refresh()
    await rig.fail(1)
    const { id } = await rig.dial(2)
    sub.equal(id, 'a', 'the new one was not tried yet')
  })
})
