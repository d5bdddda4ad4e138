import { once } from 'node:events'
import { test } from 'tap'
import type { Address } from '../../src/core/address.ts'
import { systemClock } from '../../src/core/clock.ts'
import { TimerWheel } from '../../src/core/timer-wheel.ts'
import type { Conn } from '../../src/net/conn.ts'
import type { DialAttempt, DialTarget } from '../../src/net/dial.ts'
import { isLocalFault } from '../../src/core/local-fault.ts'
import { Dialer } from '../../src/net/dial.ts'
import type { ConnectSink, Endpoint, Io } from '../../src/net/io.ts'
import { loadIo } from '../../src/net/io.ts'
import type { Lookup } from '../../src/net/resolver.ts'
import { Resolver } from '../../src/net/resolver.ts'
import { blackholeBackend } from '../../src/testing/blackhole-backend.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { refusingPort } from '../../src/testing/refusing-port.ts'
import { silentBackend } from '../../src/testing/silent-backend.ts'
import { tlsBackend } from '../../src/testing/tls-backend.ts'
import { RecordingSink, turns } from './conn-rig.ts'

const RESOLUTION_MS = 100
const io = await loadIo()

/** A name server that is told what to say, and when. */
class Names {
  readonly asked: string[] = []
  readonly #waiting: Parameters<Lookup>[1][] = []

  readonly lookup: Lookup = (host, callback) => {
    this.asked.push(host)
    this.#waiting.push(callback)
  }

  answer(...ips: string[]): void {
    this.#waiting.shift()?.(null, ips)
  }

  fail(code: string | undefined): void {
    this.#waiting.shift()?.(Object.assign(new Error('no'), code === undefined ? {} : { code }), [])
  }
}

void test('names', async (t) => {
  void t.test('are asked for once, and the answer serves while it is fresh', (sub) => {
    const { names, resolver, clock } = resolving()
    sub.equal(resolver.cached('a'), undefined)
    sub.same(names.asked, [], 'to look costs nothing')
    const answers = [ask(resolver, 'a'), ask(resolver, 'a')]
    sub.same(names.asked, ['a'], 'two that ask at once share a question')
    names.answer('10.0.0.1', '10.0.0.2')
    for (const answer of answers) sub.same(answer, [[['10.0.0.1', '10.0.0.2'], undefined]])
    clock.advance(4_999)
    sub.same(resolver.cached('a'), ['10.0.0.1', '10.0.0.2'])
    sub.same(names.asked, ['a'])
    sub.end()
  })

  void t.test('that grew old serve on while they are asked for again', (sub) => {
    const { names, resolver, clock } = resolving()
    ask(resolver, 'a')
    names.answer('10.0.0.1')
    clock.advance(5_000)
    sub.same(resolver.cached('a'), ['10.0.0.1'])
    sub.same(resolver.cached('a'), ['10.0.0.1'])
    sub.same(names.asked, ['a', 'a'], 'one question')
    names.answer('10.0.0.2')
    sub.same(resolver.cached('a'), ['10.0.0.2'])
    sub.equal(names.asked.length, 2)
    sub.end()
  })

  void t.test('keep their last good answer while the resolver fails, hangs or knows nothing (F12)', (sub) => {
    const { names, resolver, clock } = resolving()
    ask(resolver, 'a')
    names.answer('10.0.0.1')
    for (const goWrong of [() => names.fail('ESERVFAIL'), () => names.answer()]) {
      clock.advance(5_000)
      resolver.cached('a')
      goWrong()
      sub.same(resolver.cached('a'), ['10.0.0.1'])
    }
    sub.equal(names.asked.length, 3, 'and is asked again only when the time has come')
    clock.advance(5_000)
    for (let i = 0; i < 10; i++) {
      clock.advance(60_000)
      sub.same(resolver.cached('a'), ['10.0.0.1'])
    }
    sub.equal(names.asked.length, 4, 'a question that hangs is not asked twice')
    names.answer('10.0.0.9')
    sub.same(resolver.cached('a'), ['10.0.0.9'], 'recovers unaided')
    sub.end()
  })

  void t.test('that were never resolved fail with the code, and are asked for anew each time', (sub) => {
    const { names, resolver } = resolving()
    for (const [fail, code] of [
      [() => names.fail('EAI_AGAIN'), 'EAI_AGAIN'],
      [() => names.fail(undefined), 'ENOTFOUND'],
      [() => names.answer(), 'ENOTFOUND'],
    ] as const) {
      const answer = ask(resolver, 'a')
      fail()
      sub.same(answer, [[undefined, code]])
      sub.equal(resolver.cached('a'), undefined)
    }
    sub.equal(names.asked.length, 3)
    const answer = ask(resolver, 'a')
    names.answer('10.0.0.1')
    sub.same(answer, [[['10.0.0.1'], undefined]])
    sub.end()
  })

  void t.test('do not mix', (sub) => {
    const { names, resolver } = resolving()
    const [a, b] = [ask(resolver, 'a'), ask(resolver, 'b')]
    names.answer('10.0.0.1')
    names.fail('ENOTFOUND')
    sub.same(a, [[['10.0.0.1'], undefined]])
    sub.same(b, [[undefined, 'ENOTFOUND']])
    sub.end()
  })

  void t.test('are resolved by the system where nothing else is given', async (sub) => {
    const resolver = new Resolver({ clock: systemClock })
    const found = await new Promise<readonly string[] | undefined>((resolve) =>
      resolver.resolve('localhost', (ips) => resolve(ips)),
    )
    sub.ok(found?.includes('127.0.0.1') === true || found?.includes('::1') === true, String(found))
    const failure = await new Promise((resolve) =>
      resolver.resolve('fairlead.invalid', (_ips, code) => resolve(code)),
    )
    sub.match(failure, /^(ENOTFOUND|EAI_AGAIN)$/)
  })
})

void test('a dial, step by step', async (t) => {
  void t.test('of an IP address goes there and settles once', (sub) => {
    const { dial, io: connects, heard, wheel } = dialling()
    dial(tcp('10.0.0.1', 80))
    sub.same(connects.endpoints, ['10.0.0.1:80'])
    sub.same(heard, [], 'not from within the call')
    connects.succeed()
    sub.same(heard, ['dialed'])
    sub.equal(wheel.size, 0)
    sub.end()
  })

  void t.test('fails with the code of the connect', (sub) => {
    const { dial, io: connects, heard, wheel } = dialling()
    dial(tcp('10.0.0.1', 80))
    connects.fail('EHOSTUNREACH')
    sub.same(heard, ['failed: EHOSTUNREACH'])
    sub.equal(wheel.size, 0)
    sub.end()
  })

  void t.test('times out in loop time, and calls the connect off', (sub) => {
    const { dial, io: connects, heard, wheel, clock } = dialling()
    dial(tcp('10.0.0.1', 80), 5_000)
    clock.advance(4_999)
    sub.same(heard, [])
    clock.advance(1 + 2 * RESOLUTION_MS)
    sub.same(heard, ['failed: timeout'])
    sub.same(connects.closed, [true])
    sub.equal(wheel.size, 0)
    sub.equal(clock.pending, 0)
    sub.end()
  })

  void t.test('without a timeout waits as long as it takes', (sub) => {
    const { dial, io: connects, heard, clock } = dialling()
    dial(tcp('10.0.0.1', 80), 0)
    sub.equal(clock.pending, 0)
    clock.advance(3_600_000)
    sub.same(heard, [])
    connects.succeed()
    sub.same(heard, ['dialed'])
    sub.end()
  })

  void t.test('of a name tries all its addresses, one after the other, within one attempt', (sub) => {
    const { dial, io: connects, heard, names } = dialling()
    dial(tcp('db', 5432))
    sub.same(connects.endpoints, [])
    names.answer('10.0.0.1', '::2', '10.0.0.3')
    sub.same(connects.endpoints, ['10.0.0.1:5432'])
    connects.fail('ECONNREFUSED')
    connects.fail('EHOSTUNREACH')
    sub.same(connects.endpoints, ['10.0.0.1:5432', '::2:5432', '10.0.0.3:5432'])
    connects.succeed()
    sub.same(heard, ['dialed'])
    sub.end()
  })

  void t.test('of a name fails with the last address', (sub) => {
    const { dial, io: connects, heard, names } = dialling()
    dial(tcp('db', 5432))
    names.answer('10.0.0.1', '10.0.0.2')
    connects.fail('EHOSTUNREACH')
    connects.fail('ECONNREFUSED')
    sub.same(heard, ['failed: ECONNREFUSED'])
    sub.end()
  })

  void t.test('of a name that is known goes there at once', (sub) => {
    const { dial, io: connects, names } = dialling()
    dial(tcp('db', 5432))
    names.answer('10.0.0.1')
    dial(tcp('db', 5432))
    sub.same(connects.endpoints, ['10.0.0.1:5432', '10.0.0.1:5432'])
    sub.same(names.asked, ['db'])
    sub.end()
  })

  void t.test('gives each address an even share of the time that is left', (sub) => {
    const { dial, io: connects, heard, names, clock } = dialling()
    dial(tcp('db', 5432), 6_000)
    names.answer('10.0.0.1', '10.0.0.2', '10.0.0.3')
    clock.advance(2_000 + 2 * RESOLUTION_MS)
    sub.equal(connects.endpoints.length, 2, 'one silent address leaves time for the others')
    connects.fail('ECONNREFUSED')
    sub.equal(connects.endpoints.length, 3)
    clock.advance(3_500)
    sub.same(heard, [], 'the last one has all that is left')
    clock.advance(300 + 2 * RESOLUTION_MS)
    sub.same(heard, ['failed: timeout'])
    sub.same(connects.closed, [true, false, true])
    sub.end()
  })

  void t.test('bounds the resolving, too', (sub) => {
    const { dial, io: connects, heard, names, clock } = dialling()
    dial(tcp('db', 5432), 1_000)
    clock.advance(1_000 + 2 * RESOLUTION_MS)
    sub.same(heard, ['failed: timeout'])
    names.answer('10.0.0.1')
    sub.same(connects.endpoints, [], 'an answer that comes too late changes nothing')
    sub.same(heard, ['failed: timeout'])
    sub.end()
  })

  void t.test('has no time left for an address when the resolving used it up', (sub) => {
    const { dial, io: connects, heard, names, clock, wheel } = dialling()
    dial(tcp('db', 5432), 1_000)
    names.answer('10.0.0.1', '10.0.0.2')
    wheel.now += 1_000
    connects.fail('ECONNREFUSED')
    sub.same(heard, ['failed: timeout'])
    sub.equal(clock.pending, 0)
    sub.end()
  })

  void t.test('of a name that does not resolve fails with the code', (sub) => {
    const { dial, heard, names, wheel } = dialling()
    dial(tcp('db', 5432))
    names.fail('ENOTFOUND')
    sub.same(heard, ['failed: ENOTFOUND'])
    sub.equal(wheel.size, 0)
    sub.end()
  })

  void t.test('that is called off is never heard of again', (sub) => {
    const { dial, io: connects, heard, names, wheel } = dialling()
    const resolvingDial = dial(tcp('db', 5432), 1_000)
    resolvingDial.cancel()
    names.answer('10.0.0.1')
    sub.same(connects.endpoints, [])
    const connecting = dial(tcp('10.0.0.1', 80), 1_000)
    connecting.cancel()
    connecting.cancel()
    sub.same(connects.closed, [true])
    sub.same(heard, [])
    sub.equal(wheel.size, 0)
    sub.end()
  })

  void t.test('of a unix socket goes there', (sub) => {
    const { dial, io: connects, heard } = dialling()
    dial({ kind: 'unix', path: '/run/a' })
    sub.same(connects.endpoints, ['/run/a'])
    connects.fail('ENOENT')
    sub.same(heard, ['failed: ENOENT'])
    sub.end()
  })
})

void test('a dial over the network', async (t) => {
  void t.test('reaches a backend behind a name of which the first addresses are dead', async (sub) => {
    await using backend = await echoBackend({ host: '127.0.0.3' })
    const wheel = new TimerWheel({ clock: systemClock, resolutionMs: 10 })
    const dialer = new Dialer({
      io,
      wheel,
      resolver: new Resolver({ clock: systemClock, lookup: twoOfThree }),
    })
    const conn = (await dialed(dialer, tcp('name', backend.port))) as Conn
    await echoes(conn, sub.equal.bind(sub))
    sub.equal(wheel.size, 0)
  })

  void t.test('times out where SYNs go nowhere (F2)', async (sub) => {
    await using blackhole = await blackholeBackend()
    const { dialer, wheel } = realDialer()
    sub.equal(await dialed(dialer, blackhole.address, { timeoutMs: 100 }), 'timeout')
    sub.equal(wheel.size, 0)
  })

  void t.test('with TLS refuses a certificate that nobody vouches for, and names the reason', async (sub) => {
    await using backend = await tlsBackend()
    const { dialer } = realDialer()
    for (const host of ['127.0.0.1', 'localhost']) {
      const reason = await dialed(dialer, tcp(host, backend.port), { transport: 'tls' })
      sub.match(
        reason,
        /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/,
      )
    }
  })

  void t.test(
    'with TLS fails at a backend that speaks something else, closes, or is not there',
    async (sub) => {
      await using plain = await echoBackend()
      await using closed = await refusingPort()
      const { dialer } = realDialer()
      const notTls = await dialed(dialer, plain.address, { transport: 'tls' })
      sub.match(notTls, /^E[A-Z_]+/)
      sub.equal(await dialed(dialer, closed.address, { transport: 'tls' }), 'ECONNREFUSED')
    },
  )

  void t.test('with TLS times out amid the handshake, and closes the socket', async (sub) => {
    await using silent = await silentBackend()
    const closed = once(silent, 'session:close')
    silent.on('session:open', ({ socket }) => socket.on('end', () => socket.end()))
    const { dialer } = realDialer()
    sub.equal(await dialed(dialer, silent.address, { transport: 'tls', timeoutMs: 100 }), 'timeout')
    await closed
    sub.equal(silent.active, 0)
  })
})

void test('faults of this machine are told from those of a backend', (t) => {
  for (const code of ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'])
    t.equal(isLocalFault(code), true)
  for (const code of ['ECONNREFUSED', 'timeout', 'EHOSTUNREACH', 'ENOTFOUND', ''])
    t.equal(isLocalFault(code), false)
  t.end()
})

function resolving(): { names: Names; resolver: Resolver; clock: ManualClock } {
  const clock = new ManualClock()
  const names = new Names()
  return { names, clock, resolver: new Resolver({ clock, lookup: names.lookup }) }
}

/** All that the answer was called with. */
function ask(resolver: Resolver, host: string): unknown[][] {
  const answers: unknown[][] = []
  resolver.resolve(host, (...answer) => answers.push(answer))
  return answers
}

/** Connects that end as the test says; those to come are at the front. */
class ScriptedIo implements Io {
  readonly name = 'sockets'
  readonly endpoints: string[] = []
  readonly closed: boolean[] = []
  readonly #pending: { sink: ConnectSink; conn: Conn; index: number }[] = []

  accept(): void {
    throw new Error('nothing is accepted here')
  }

  connect(endpoint: Endpoint, sink: ConnectSink): Conn {
    const index = this.endpoints.length
    this.endpoints.push(endpoint.kind === 'unix' ? endpoint.path : `${endpoint.ip}:${endpoint.port}`)
    this.closed.push(false)
    const conn = { close: () => this.#close(index) } as unknown as Conn
    this.#pending.push({ sink, conn, index })
    return conn
  }

  succeed(): void {
    const { sink, conn } = this.#next()
    sink.onConnect(conn, undefined)
  }

  fail(code: string): void {
    const { sink, conn } = this.#next()
    sink.onConnect(conn, code)
  }

  #next(): { sink: ConnectSink; conn: Conn } {
    const next = this.#pending.shift()
    if (next === undefined) throw new Error('nothing is connecting')
    return next
  }

  #close(index: number): void {
    this.closed[index] = true
    const at = this.#pending.findIndex((pending) => pending.index === index)
    if (at !== -1) this.#pending.splice(at, 1)
  }
}

const twoOfThree: Lookup = (_host, callback) => {
  setImmediate(() => callback(null, ['127.0.0.2', '127.0.0.3']))
}

interface Dialling {
  readonly dial: (address: Address, timeoutMs?: number) => DialAttempt
  readonly io: ScriptedIo
  readonly heard: string[]
  readonly names: Names
  readonly clock: ManualClock
  readonly wheel: TimerWheel
}

function dialling(): Dialling {
  const { names, resolver, clock } = resolving()
  const wheel = new TimerWheel({ clock, resolutionMs: RESOLUTION_MS })
  const scripted = new ScriptedIo()
  const dialer = new Dialer({ io: scripted, resolver, wheel })
  const heard: string[] = []
  const sink = {
    onDialed: () => void heard.push('dialed'),
    onDialFailed: (reason: string) => void heard.push(`failed: ${reason}`),
  }
  return {
    dial: (address, timeoutMs = 5_000) => dialer.dial({ address, transport: 'plain' }, timeoutMs, sink),
    io: scripted,
    heard,
    names,
    clock,
    wheel,
  }
}

function realDialer(): { dialer: Dialer; wheel: TimerWheel } {
  const wheel = new TimerWheel({ clock: systemClock, resolutionMs: 10 })
  return { wheel, dialer: new Dialer({ io, wheel, resolver: new Resolver({ clock: systemClock }) }) }
}

/** The conn, or why there is none. */
async function dialed(
  dialer: Dialer,
  address: Address,
  options: { timeoutMs?: number; transport?: DialTarget['transport'] } = {},
): Promise<Conn | string> {
  const { timeoutMs = 5_000, transport = 'plain' } = options
  return await new Promise((resolve) => {
    dialer.dial({ address, transport }, timeoutMs, {
      onDialed: resolve,
      onDialFailed: resolve,
    })
  })
}

async function echoes(conn: Conn, equal: (found: string, wanted: string) => unknown): Promise<void> {
  const sink = new RecordingSink()
  conn.sink = sink
  conn.start()
  conn.write(Buffer.from('hello'))
  equal((await sink.received(5)).toString(), 'hello')
  conn.close()
  await turns(2)
}

function tcp(host: string, port: number): Address {
  return { kind: 'tcp', host, port }
}
