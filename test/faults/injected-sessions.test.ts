import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ConfigError, FaultsOffError } from '../../src/core/errors.ts'
import type { FaultSpec } from '../../src/faults/fault-spec.ts'
import { FaultBoard } from '../../src/faults/fault-board.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { inProject } from '../helpers/project.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { closed, connectTo, readBytes, sha256 } from '../helpers/sockets.ts'
import { turns } from '../net/conn-rig.ts'
import { makeBoard } from './faulty-ios.ts'
import { Injected, overBoth } from './injected-rig.ts'
import { nextEnd, overBothIos, recordEnds } from './rig.ts'

const peer = await rawPeer()
t.teardown(() => peer[Symbol.asyncDispose]())

for (const direction of ['upstream', 'downstream'] as const) {
  overBothIos(t, `a reset after so many bytes comes right behind them, ${direction}`, async (sub, start) => {
    await using server = await peer.listen()
    const lb = await start({ backends: [server.port], faults: true })
    const fault = lb.faults.add({ type: 'reset_peer', afterBytes: 100_000, direction })
    const ended = nextEnd(lb)
    await using client = await peer.connect({ port: lb.port })
    await using backend = await server.accept()
    const [from, to] = direction === 'upstream' ? [client, backend] : [backend, client]
    const reading = to.readToEnd()
    const sending = from.send({ bytes: 300_000, seed: 1 })
    const expected = { bytes: 100_000, sha256: sha256(deterministicBytes(1, 100_000)), end: 'rst' }
    sub.match(await reading, expected)
    await sending
    sub.equal((await from.readToEnd()).end, 'rst')
    sub.match(await ended, { code: 'SD', reason: 'backend-reset', faults: [fault.name] })
  })
}

overBothIos(
  t,
  'a reset behind bytes stays one where the session is over before it is due',
  async (sub, start) => {
    await using server = await peer.listen()
    const lb = await start({ backends: [server.port], faults: true })
    using fault = lb.faults.add({ type: 'reset_peer', afterBytes: 5, on: 'client' })
    const ended = nextEnd(lb)
    await using client = await peer.connect({ port: lb.port })
    await using backend = await server.accept()
    await client.shutdown()
    await backend.readToEnd()
    await backend.sendText('hello, and more')
    await backend.shutdown()
    sub.match(await client.readToEnd(), { bytes: 5, end: 'rst' })
    sub.match(await ended, { bytesOut: 5, faults: [fault.name] })
  },
)

overBothIos(t, 'a reset reaches open sessions at once, and both sides of them', async (sub, start) => {
  await using server = await peer.listen()
  const lb = await start({ backends: [server.port], faults: true })
  for (const [on, code] of [
    ['backend', 'SD'],
    ['client', 'CD'],
  ] as const) {
    const ended = nextEnd(lb)
    await using client = await peer.connect({ port: lb.port })
    await using backend = await server.accept()
    await client.sendText('x')
    await backend.readText(1)
    using fault = lb.faults.add({ type: 'reset_peer', on })
    sub.equal((await client.readToEnd()).end, 'rst')
    sub.equal((await backend.readToEnd()).end, 'rst')
    sub.match(await ended, { code, faults: [fault.name] })
  }
})

overBoth(t, 'a black hole with a timeout breaks the session then', async (sub, injected) => {
  const ended = nextEnd(injected.lb)
  const fault = injected.lb.faults.add({ type: 'timeout', timeoutMs: 3_000 })
  const { client, backend } = await injected.link()
  client.socket.write('hello?')
  await waitUntil(() => fault.hits === 1)
  await injected.turnUntil(() => client.end !== 'open')
  const end = await ended
  sub.match(end, { code: 'SD', reason: 'backend-ETIMEDOUT', faults: [fault.name] })
  sub.ok(end.totalMs >= 3_000)
  sub.equal(backend.length, 0)
})

overBoth(
  t,
  'refused connects go on to another attempt, and the record says why',
  async (sub, injected) => {
    const fault = injected.lb.faults.add({ type: 'refuse', times: 2, name: 'no' })
    const ended = nextEnd(injected.lb)
    const linking = injected.link()
    await injected.turnUntil(() => fault.isSpent)
    await injected.turnUntil(() => injected.lb.snapshot().pools[0]?.backends[0]?.active === 1)
    const session = await linking
    session.client.socket.write('x')
    await session.backend.has(1)
    await injected.finish(session)
    const { tried, code, faults } = await ended
    sub.same({ code, faults }, { code: '--', faults: ['no'] })
    sub.same(tried, [
      { backend: 'a', reason: 'ECONNREFUSED' },
      { backend: 'a', reason: 'ECONNREFUSED' },
    ])
    sub.same([fault.hits, fault.isSpent], [2, true])
  },
  { eject: false },
)

overBoth(
  t,
  'a connect that hangs times out, and goes on where its fault is removed',
  async (sub, injected) => {
    const fault = injected.lb.faults.add({ type: 'connect_timeout' })
    const first = nextEnd(injected.lb)
    const client = await injected.client()
    await waitUntil(() => fault.hits === 1)
    await injected.turnUntil(() => client.end !== 'open', 100)
    sub.match(await first, { code: 'sC', reason: 'connect-timeout', tried: [{ reason: 'timeout' }] })

    const linking = injected.link()
    await waitUntil(() => fault.hits === 2)
    await injected.clock.advanceAsync(4_000)
    fault.remove()
    const session = await linking
    session.client.socket.write('x')
    await session.backend.has(1)
    await injected.finish(session)
  },
  { retries: 0, connectTimeout: '5s' },
)

overBoth(
  t,
  'who leaves while its connect hangs or is refused leaves nothing behind',
  async (sub, injected) => {
    const fault = injected.lb.faults.add({ type: 'connect_timeout' })
    const client = await injected.client()
    await waitUntil(() => fault.hits === 1)
    client.socket.resetAndDestroy()
    await waitUntil(() => injected.lb.snapshot().listeners[0]?.active === 0)
    fault.remove()
    await turns()
    sub.equal(injected.lb.snapshot().pools[0]?.backends[0]?.sessions, 1)
  },
)

void t.test('health answers are overridden, and are the own ones again after that', async (sub) => {
  await using a = await echoBackend()
  await using injected = await Injected.start({
    backends: [{ address: a.port, id: 'a' }, 'b=127.0.0.1:1'],
    check: 'tcp',
    initial: 'up',
  })
  const { lb } = injected
  const healthy = (id: string): boolean | undefined =>
    lb.snapshot().pools[0]?.backends.find((backend) => backend.id === id)?.healthy
  const healed = lb.faults.add({ type: 'health', backend: 'b', ok: true, text: 'so they say' })
  await injected.turnUntil(() => healed.hits > 0)
  sub.equal(healthy('b'), true, 'though nobody is there')
  const down = waitForEvent(lb, 'backend:down', ({ id }) => id === 'a')
  const sick = lb.faults.add({ type: 'health', pool: 'main', backend: 'main/a', code: 'L7STS', text: '503' })
  await injected.turnUntil(() => healthy('a') === false, 100)
  sub.match(await down, [{ reason: /L7STS: 503/ }])
  sub.equal(sick.hits, 3)
  sick.remove()
  healed.remove()
  await injected.turnUntil(() => healthy('a') === true && healthy('b') === false, 100)
})

overBoth(t, 'a fault strikes those within its scope, and no others', async (sub, injected) => {
  const { faults } = injected.lb
  const specs: FaultSpec[] = [
    { type: 'limit_data', bytes: 0, name: 'pool', pool: 'other' },
    { type: 'limit_data', bytes: 0, name: 'backend', backend: 'b' },
    { type: 'limit_data', bytes: 0, name: 'listener', listener: 'other' },
    { type: 'limit_data', bytes: 0, name: 'client', client: '127.0.0.2' },
    { type: 'limit_data', bytes: 0, name: 'session', session: 99 },
    { type: 'limit_data', bytes: 0, name: 'match', match: ({ session }) => session > 99 },
    { type: 'slicer', averageSize: 1, name: 'a', pool: 'main', backend: 'a', listener: 'main' },
    { type: 'slicer', averageSize: 1, name: 'b', client: '::ffff:127.0.0.1', session: 1 },
    { type: 'slicer', averageSize: 1, name: 'c', listener: 'main' },
    {
      type: 'slicer',
      averageSize: 1,
      name: 'd',
      match: ({ client, listener }) => client === '127.0.0.1' && listener === 'main',
    },
  ]
  for (const spec of specs) faults.add(spec)
  const ended = nextEnd(injected.lb)
  const session = await injected.link()
  session.backend.socket.write('downstream')
  await session.client.has(10)
  await injected.finish(session)
  sub.same((await ended).faults.toSorted(), ['a', 'b', 'c', 'd'])
  sub.match(faults.get('c')?.spec, { on: 'client', direction: 'downstream' })
  sub.match(faults.get('a')?.spec, { on: 'backend' })
  const second = nextEnd(injected.lb)
  const other = await injected.link()
  other.backend.socket.write('downstream')
  await other.client.has(10)
  await injected.finish(other)
  sub.same((await second).faults.toSorted(), ['a', 'c', 'd'], 'not that of session 1')
})

void t.test('toxicity takes its share of the sessions, the same ones for the same seed', async (sub) => {
  const runs: string[] = []
  for (let run = 0; run < 2; run++) {
    await using injected = await Injected.start()
    injected.lb.faults.add({ type: 'slicer', averageSize: 3, toxicity: 0.5, name: 's' })
    const ends = recordEnds(injected.lb)
    for (let i = 0; i < 24; i++) {
      const session = await injected.link()
      session.backend.socket.write('downstream')
      await session.client.has(10)
      await injected.finish(session)
    }
    runs.push(ends.map(({ faults }) => faults.length).join(''))
  }
  sub.equal(runs[0], runs[1])
  const struck = runs[0]?.replaceAll('0', '').length ?? 0
  sub.ok(struck > 5 && struck < 19, `${struck} of 24`)
})

void t.test('toxicity takes its share of the checks, whatever was struck before', async (sub) => {
  const board = new FaultBoard({ clock: new ManualClock(), random: seededRandom(1) })
  const fault = board.add({ type: 'health', toxicity: 0.5 })
  const probe = board.probe(() => Promise.resolve({ ok: true, code: 'L4OK', text: '' }), {
    id: 'a',
    pool: 'main',
  })
  const { signal } = new AbortController()
  for (let i = 0; i < 200; i++) await probe({ kind: 'unix', path: '/x' }, signal)
  sub.ok(fault.hits > 60 && fault.hits < 140, `${fault.hits} of 200`)
})

overBoth(t, 'a fault that is spent strikes no more', async (sub, injected) => {
  const fault = injected.lb.faults.add({ type: 'limit_data', bytes: 3, times: 1 })
  const struck = await injected.link()
  const spared = await injected.link()
  struck.backend.socket.write('12345')
  await struck.client.has(3)
  spared.backend.socket.write('12345')
  await spared.client.has(5)
  sub.equal(struck.client.length, 3)
  sub.match(JSON.parse(JSON.stringify(fault)), { type: 'limit_data', bytes: 3, hits: 1, isSpent: true })
  struck.client.socket.end()
  struck.backend.socket.end()
  await injected.finish(spared)
})

overBoth(t, 'an end that waits behind delayed bytes keeps nothing open', async (sub, injected) => {
  const fault = injected.lb.faults.add({ type: 'latency', latencyMs: 5_000, on: 'client' })
  const session = await injected.link()
  const bytes = deterministicBytes(1, 2_000_000)
  session.backend.socket.end(bytes)
  session.client.socket.end()
  await waitUntil(() => fault.hits === 1)
  await injected.turnUntil(() => session.client.end === 'end')
  sub.equal(sha256(session.client.bytes), sha256(bytes))
})

void t.test('closing the balancer cuts what is held back, and leaves nothing', async (sub) => {
  await using injected = await Injected.start()
  const fault = injected.lb.faults.add({ type: 'timeout', on: 'client' })
  const { client, backend } = await injected.link()
  backend.socket.write(deterministicBytes(1, 100_000))
  await waitUntil(() => fault.hits === 1)
  const board = injected.lb.faults as FaultBoard
  sub.equal(board.connections, 2)
  await injected.lb.close()
  await closed(client.socket)
  sub.equal(board.connections, 0)
  sub.equal(injected.clock.pending, 0)
  sub.same(board.list(), [])
})

/** An import of the room, but of types and of what reads a fault. */
const MAKES_FAULTS = /^import (?!type).*\/faults\/(?!fault-fields\.ts|read-fault\.ts)/m

void t.test('without leave there are no faults, and none of what makes them is loaded', async (sub) => {
  await using echo = await echoBackend()
  await using injected = await Injected.start({ faults: false, backends: [echo.port] })
  sub.throws(() => injected.lb.faults, FaultsOffError)
  sub.throws(() => injected.lb.faults, { code: 'FAIRLEAD_FAULTS_OFF', message: /faults: true.*--faults/ })
  const socket = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: injected.lb.port })
  socket.write('x')
  sub.equal((await readBytes(socket, 1)).toString(), 'x')
  socket.destroy()
  const src = inProject('src')
  const loading = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('faults'))
    .filter((path) => MAKES_FAULTS.test(readFileSync(join(src, path), 'utf8')))
  sub.same(loading, [], 'all others know its types alone, and what a configuration may say')
})

void t.test('what is no fault is told, all of it at once', async (sub) => {
  const board = makeBoard()
  const refused = (spec: unknown): string[] => {
    try {
      board.add(spec as FaultSpec)
    } catch (error) {
      if (error instanceof ConfigError)
        return error.problems.map(({ path, message }) => `${path}: ${message}`)
      throw error
    }
    return []
  }
  sub.match(refused(undefined), [/^fault: a fault is an object/])
  sub.match(refused({ type: 'latenzy' }), [/^type: no such type of fault; is it latency\?$/])
  sub.match(refused({ type: 7 }), [/^type: .*there are: refuse, connect_timeout, /])
  sub.match(refused({ type: 'latency', latencyMs: -1, jiterMs: 1, toxicity: 2, direction: 'up' }), [
    /^jiterMs: .* is it jitterMs\?/,
    /^toxicity: wants a number from 0 to 1/,
    /^latencyMs: wants milliseconds/,
    /^direction: wants one of upstream, downstream, both/,
  ])
  sub.match(refused({ type: 'bandwidth' }), [/^bytesPerSecond: missing: a whole number of bytes, 1 or more/])
  sub.match(refused({ type: 'corrupt', probability: 0.1 }), [/^allowCorruption: missing: true, since/])
  sub.match(refused({ type: 'reset_peer', afterMs: 1, afterBytes: 1 }), [
    /^afterBytes: after a time or after/,
  ])
  sub.match(refused({ type: 'latency', latencyMs: 1, on: 'client', pool: 'p' }), [
    /^on: a client's connection/,
  ])
  sub.match(refused({ type: 'health', client: '127.0.0.1' }), [/^client: a health fault has no such setting/])
  sub.match(refused({ type: 'refuse', client: 'example.org' }), [/^client: wants an IP address$/])
  sub.match(refused({ type: 'refuse', name: 'a b' }), [/^name: wants at most 64/])
  sub.same(refused({ type: 'connect-timeout', name: 'x' }), [])
  sub.match(refused({ type: 'refuse', name: 'x' }), [/^name: a fault x is in force already/])
  sub.equal(board.get('x')?.type, 'connect_timeout')
  sub.equal(board.clear(), 1)
  sub.same(board.list(), [])
})
