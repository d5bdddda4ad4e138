import { Resolver as NameClient } from 'node:dns'
import t from 'tap'
import { ManagedPool } from '../../src/control/managed-pool.ts'
import type { Address } from '../../src/core/address.ts'
import { Events } from '../../src/core/events.ts'
import type { ProbeResult } from '../../src/core/probe.ts'
import { TimerWheel } from '../../src/core/timer-wheel.ts'
import type { Conn } from '../../src/net/conn.ts'
import { Dialer } from '../../src/net/dial.ts'
import { loadIo } from '../../src/net/io.ts'
import type { Lookup } from '../../src/net/resolver.ts'
import { Resolver } from '../../src/net/resolver.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import type { FixtureServer } from '../../src/testing/fixture-server.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { backendSpec, poolConfig } from '../control/configs.ts'
import { CHECK } from '../health/rig.ts'
import { DnsServer } from '../helpers/dns-server.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { closed, connectTo, readAll, readBytes } from '../helpers/sockets.ts'
import { backendOf, IO_KINDS, nextEnd, overBothIos, queuedIn, recordEnds } from './rig.ts'

/** One process for all raw sockets. */
const peer = await rawPeer()
t.teardown(() => peer[Symbol.asyncDispose]())

const PASSED: ProbeResult = { ok: true, code: 'L7OK', text: '200 OK' }
const FAILED: ProbeResult = { ok: false, code: 'L7STS', text: '503 Service Unavailable' }

void t.test(
  'F12: the last good answer stays while the name server fails, is silent, or says something new',
  async (sub) => {
    await using names = await DnsServer.start()
    const clock = new ManualClock()
    const asked = countingLookup(names)
    const resolver = new Resolver({ clock, lookup: asked.lookup })
    const resolve = (host: string): Promise<unknown> =>
      new Promise((done) => resolver.resolve(host, (ips, failure) => done(ips ?? failure)))

    sub.equal(await resolve('never.test'), 'ESERVFAIL')
    names.answer = 'silence'
    sub.equal(await resolve('never.test'), 'ETIMEOUT')
    sub.equal(resolver.cached('never.test'), undefined)

    names.answer = ['127.0.0.2', '127.0.0.3']
    sub.strictSame(await resolve('app.test'), ['127.0.0.2', '127.0.0.3'])
    const { questions } = names
    clock.advance(4_999)
    sub.strictSame(resolver.cached('app.test'), ['127.0.0.2', '127.0.0.3'])
    sub.equal(names.questions, questions, 'an answer is good for 5 s')

    for (const answer of ['SERVFAIL', 'silence', []] as const) {
      names.answer = answer
      clock.advance(5_000)
      const before = asked.answered
      for (let i = 0; i < 100; i++) sub.strictSame(resolver.cached('app.test'), ['127.0.0.2', '127.0.0.3'])
      await waitUntil(() => asked.answered > before)
      sub.equal(asked.answered, before + 1, 'one question is under way at a time')
      sub.strictSame(resolver.cached('app.test'), ['127.0.0.2', '127.0.0.3'])
    }

    names.answer = ['127.0.0.4']
    clock.advance(5_000)
    sub.strictSame(resolver.cached('app.test'), ['127.0.0.2', '127.0.0.3'], 'nobody waits for the new answer')
    await waitUntil(() => resolver.cached('app.test')?.[0] === '127.0.0.4')
  },
)

for (const kind of IO_KINDS) {
  void t.test(
    `F12: a backend is dialled while its name server is silent, at any of its addresses (${kind})`,
    async (sub) => {
      await using names = await DnsServer.start()
      await using echo = await echoBackend()
      const clock = new ManualClock()
      const wheel = new TimerWheel({ clock, resolutionMs: 100 })
      const resolver = new Resolver({ clock, lookup: countingLookup(names).lookup })
      const dialer = new Dialer({ io: await loadIo(kind), resolver, wheel })
      const address: Address = { kind: 'tcp', host: 'app.test', port: echo.port }
      const dial = (): Promise<string> =>
        new Promise((done) => {
          const onDialed = (conn: Conn): void => {
            conn.close()
            done('connected')
          }
          dialer.dial({ address, transport: 'plain' }, 1_000, { onDialed, onDialFailed: done })
        })

      sub.equal(await dial(), 'ESERVFAIL')
      names.answer = ['127.0.0.9', '127.0.0.1'] // Nobody listens at the first.
      sub.equal(await dial(), 'connected')
      names.answer = 'silence'
      clock.advance(60_000)
      sub.equal(await dial(), 'connected')

      const never = { kind: 'tcp', host: 'never.test', port: echo.port } as const
      const late = new Promise((done) => {
        const sink = { onDialed: () => done('connected'), onDialFailed: done }
        dialer.dial({ address: never, transport: 'plain' }, 1_000, sink)
      })
      clock.advance(1_300)
      sub.equal(await late, 'timeout', 'the attempt is bounded, whatever the name server does')
      sub.equal(wheel.size, 0)
    },
  )
}

void t.test('F12: checks find a backend while its name server fails or is silent', async (sub) => {
  await using names = await DnsServer.start()
  await using echo = await echoBackend()
  const clock = new ManualClock()
  const wheel = new TimerWheel({ clock, resolutionMs: 100 })
  const resolver = new Resolver({ clock, lookup: countingLookup(names).lookup })
  const events = new Events()
  const verdicts: string[] = []
  events.on('backend:down', ({ reason }) => verdicts.push(reason))
  const spec = {
    ...backendSpec('a', echo.port),
    address: { kind: 'tcp', host: 'app.test', port: echo.port } as const,
  }
  const managed = new ManagedPool({
    config: poolConfig('main', { backends: [spec], check: { ...CHECK, kind: 'tcp', intervalMs: 60_000 } }),
    dialer: new Dialer({ io: await loadIo('sockets'), resolver, wheel }),
    clock,
    random: () => 0.5,
    wheel,
    events,
    faults: undefined,
    onLocalFault: (code) => sub.fail(code),
    closeSessionsOf: () => sub.fail('nobody has a session'),
  })
  sub.teardown(() => managed.close())
  const [backend] = managed.pool.backends.values()
  names.answer = ['127.0.0.1']
  managed.start()
  for (const [i, answer] of (['silence', 'SERVFAIL', 'NXDOMAIN', []] as const).entries()) {
    await waitUntil(() => backend?.checks === i + 1)
    names.answer = answer
    clock.advance(60_000)
  }
  await waitUntil(() => backend?.checks === 5)
  sub.equal(backend?.failedChecks, 0)
  sub.same(verdicts, [])
})

overBothIos(
  t,
  'F14: a backend that flaps changes state exactly at the rise and fall counts',
  async (sub, start) => {
    await using echo = await echoBackend()
    const clock = new ManualClock()
    // Up at first. What is expected of it after each check, with rise 2 and fall 3, stands below.
    const replies = '+--+-+--+---+-+--++-+---+-++'
    const expected = 'UUUUUUUUUUUDDDDDDDUUUUUDDDDU'
    let next = 0
    const lb = await start({
      backends: [`a=${echo.port}`],
      check: () => Promise.resolve(replies[next++] === '-' ? FAILED : PASSED),
      rise: 2,
      fall: 3,
      clock,
    })
    // The first check is over before anybody can listen.
    await waitUntil(() => next === 1)
    let states = 'U'
    const changes: string[] = []
    lb.on('backend:check', () => (states += backendOf(lb, 'a').healthy ? 'U' : 'D'))
    lb.on('backend:down', ({ reason }) => changes.push(`down ${reason}`))
    lb.on('backend:up', ({ reason }) => changes.push(`up ${reason}`))
    let refused = 0
    let served = 0
    while (states.length < replies.length) {
      const before = states.length
      while (states.length === before) await clock.advanceAsync(100)
      const ended = nextEnd(lb)
      await using client = await peer.connect({ port: lb.port })
      await client.sendText('x')
      await client.shutdown()
      const { text } = await client.readTextToEnd()
      await ended
      if (text === 'x') served++
      else refused++
      sub.equal(text === 'x', states.endsWith('U'), `after ${replies.slice(0, states.length)}`)
    }
    sub.equal(states, expected)
    sub.strictSame(changes, [
      'down L7STS: 503 Service Unavailable (3 of 3 failed)',
      'up L7OK: 200 OK (2 of 2 passed)',
      'down L7STS: 503 Service Unavailable (3 of 3 failed)',
      'up L7OK: 200 OK (2 of 2 passed)',
    ])
    sub.ok(refused > 0 && served > 0)
  },
)

overBothIos(t, 'F15: a backend that came back takes up its share over the slow start', async (sub, start) => {
  await using a = await echoBackend()
  await using b = await echoBackend()
  const clock = new ManualClock()
  let isUp = false
  const lb = await start({
    backends: [`a=${a.port}`, `b=${b.port}`],
    check: (address) => Promise.resolve(portOf(address) === a.port || isUp ? PASSED : FAILED),
    checkInterval: '1h',
    downInterval: 1_000,
    rise: 1,
    slowStart: 20_000,
    clock,
    random: () => 0.5,
  })
  await waitUntil(() => !backendOf(lb, 'b').healthy)
  isUp = true
  await clock.advanceAsync(1_000)
  sub.ok(backendOf(lb, 'b').healthy)
  sub.strictSame(await shares(lb.address, [a, b], 110), [100, 10], 'a tenth at first')
  clock.advance(10_000)
  sub.strictSame(await shares(lb.address, [a, b], 155), [100, 55], 'half-way')
  clock.advance(10_000)
  sub.strictSame(await shares(lb.address, [a, b], 100), [50, 50], 'all of it')
})

overBothIos(
  t,
  'F15: killed and restored under load, a backend is never given more than it may have',
  async (sub, start) => {
    await using a = await echoBackend()
    await using b = await echoBackend()
    const clock = new ManualClock()
    const lb = await start({
      backends: [`a=${a.port}`, `b=${b.port}`],
      backendMaxConnections: 20,
      queueTimeout: 0,
      connectTimeout: 0,
      check: (address) => Promise.resolve(portOf(address) === a.port || b.listening ? PASSED : FAILED),
      checkInterval: 5_000,
      downInterval: 1_000,
      rise: 1,
      fall: 1,
      slowStart: 20_000,
      clock,
      random: () => 0.5,
    })
    const ends = recordEnds(lb)
    let most = 0
    lb.on('session:open', () => (most = Math.max(most, backendOf(lb, 'b').active)))
    const clients = await Promise.all(Array.from({ length: 20 }, () => openSession(lb.address)))
    await waitUntil(() => a.active === 10 && b.active === 10)

    const down = waitForEvent(lb, 'backend:down')
    await b.stop({ connections: 'reset' })
    // The clients are reset once what was on its way to them had its time.
    await waitUntil(() => {
      clock.advance(10)
      return ends.length === 10
    })
    for (const { code, backend } of ends) sub.strictSame([code, backend], ['SD', 'b'])
    await clock.advanceAsync(5_000)
    await down
    clients.push(...(await Promise.all(Array.from({ length: 10 }, () => openSession(lb.address)))))
    await waitUntil(() => a.active === 20)

    await b.start()
    const up = waitForEvent(lb, 'backend:up')
    await clock.advanceAsync(1_000)
    await up
    most = 0
    for (let i = 0; i < 30; i++) clients.push(await connectTo(lb.address))
    await waitUntil(() => queuedIn(lb) === 28)
    sub.strictSame([backendOf(lb, 'a').active, backendOf(lb, 'b').active, most], [20, 2, 2])
    clock.advance(10_000)
    sub.strictSame([backendOf(lb, 'a').active, backendOf(lb, 'b').active, queuedIn(lb)], [20, 11, 19])
    clock.advance(10_000)
    sub.strictSame([backendOf(lb, 'a').active, backendOf(lb, 'b').active, queuedIn(lb)], [20, 20, 10])
    for (const client of clients) client.destroy()
    await Promise.all(clients.map((client) => closed(client)))
    await waitUntil(() => ends.length === 60)
    sub.equal(queuedIn(lb), 0)
  },
)

function portOf(address: Address): number {
  return address.kind === 'tcp' ? address.port : 0
}

/** How many of `count` sessions, one after the other, each of the backends got. */
async function shares(
  address: Address,
  backends: readonly FixtureServer[],
  count: number,
): Promise<number[]> {
  const before = backends.map(({ connections }) => connections)
  for (let i = 0; i < count; i++) {
    const client = await connectTo(address)
    client.end('x')
    await readAll(client)
  }
  return backends.map(({ connections }, i) => connections - (before[i] ?? 0))
}

async function openSession(address: Address): ReturnType<typeof connectTo> {
  const client = await connectTo(address)
  client.write('x')
  await readBytes(client, 1)
  return client
}

/** Asks `names`, and waits no longer than a moment. */
function countingLookup(names: DnsServer): { readonly lookup: Lookup; readonly answered: number } {
  const client = new NameClient({ timeout: 100, tries: 1 })
  client.setServers([names.address])
  const state = {
    answered: 0,
    lookup: ((host, callback) => {
      client.resolve4(host, (error, ips) => {
        state.answered++
        callback(error, ips ?? [])
      })
    }) as Lookup,
  }
  return state
}
