import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { ListenerConfig } from '../../src/config/schema.ts'
import { Listener } from '../../src/control/listener.ts'
import type { SessionFilter } from '../../src/control/port.ts'
import { createBalancer } from '../../src/control/create-balancer.ts'
import { runSteps } from '../../src/core/steps.ts'
import { bannerBackend } from '../../src/testing/banner-backend.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { silentBackend } from '../../src/testing/silent-backend.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { at, backendSpec, configOf, httpConfig, listenerConfig, poolConfig } from './configs.ts'
import { dnsConfig } from '../discovery/follow.ts'
import { DnsServer } from '../helpers/dns-server.ts'
import { freePort } from '../helpers/free-port.ts'
import { ask, echo, open, Rig } from './reload-rig.ts'

void t.test('a reload of the same configuration changes nothing', async (sub) => {
  await using rig = await Rig.start()
  const before = rig.balancer.addresses
  const report = await rig.reload({})
  sub.match(report, { ok: true, changes: [], problems: [], needsRestart: [] })
  sub.same(rig.balancer.addresses, before)
})

void t.test('backends come, go and change, and what is equal keeps everything', async (sub) => {
  await using rig = await Rig.start()
  await using other = await echoBackend()
  const { balancer } = rig
  const session = await rig.open()
  balancer.setMode('b', 'drain')
  balancer.setWeight('a', 7)
  const report = await rig.reload({
    pool: { backends: [rig.a, rig.b, backendSpec('c', other.port)], retries: 1 },
  })
  sub.same(report.changes, [
    'pool main: retries 3 is now 1',
    `pool main: backend c (127.0.0.1:${other.port}) added`,
  ])
  const [pool] = balancer.snapshot().pools
  sub.match(pool?.backends, [
    { id: 'a', weight: 7, active: 1, sessions: 1 },
    { id: 'b', mode: 'drain' },
    { id: 'c', mode: 'ready', weight: 1, eligible: true },
  ])
  sub.equal(await echo(session, 'still here'), 'still here')

  await rig.reload({
    pool: {
      backends: [
        { ...rig.b, weight: 3 },
        { ...rig.a, maxConnections: 2 },
      ],
    },
  })
  sub.match(balancer.snapshot().pools[0]?.backends, [
    { id: 'b', mode: 'drain', weight: 3 },
    { id: 'a', weight: 7, maxConnections: 2, active: 1 },
  ])
  sub.equal(await echo(session, 'and here'), 'and here')
})

void t.test('the open sessions of a backend that is removed live on, and it gets no more', async (sub) => {
  await using rig = await Rig.start()
  const session = await rig.open()
  await rig.reload({ pool: { backends: [rig.b] } })
  sub.equal(await echo(session, 'to the end'), 'to the end')
  const next = await rig.open()
  sub.match(rig.balancer.sessions(), [{ backend: 'a' }, { backend: 'b' }])
  sub.equal(await echo(next, 'x'), 'x')
})

void t.test('a backend at another address is another machine, but what was commanded stays', async (sub) => {
  await using rig = await Rig.start()
  await using other = await echoBackend()
  rig.balancer.setMode('a', 'maint')
  rig.balancer.setWeight('a', 9)
  await rig.reload({ pool: { backends: [backendSpec('a', other.port), rig.b] } })
  sub.match(rig.balancer.snapshot().pools[0]?.backends[0], {
    address: `127.0.0.1:${other.port}`,
    mode: 'maint',
    weight: 9,
  })
})

void t.test('a backend that was added by hand stays, and the configuration may take it over', async (sub) => {
  await using rig = await Rig.start()
  await using other = await echoBackend()
  rig.balancer.addBackend(`c=127.0.0.1:${other.port}`)
  rig.balancer.setMode('c', 'drain')
  const ids = (): string[] => rig.balancer.snapshot().pools[0]?.backends.map(({ id }) => id) ?? []
  await rig.reload({ pool: { backends: [rig.b] } })
  sub.same(ids(), ['b', 'c'])
  await rig.reload({ pool: { backends: [rig.b, backendSpec('c', other.port, { weight: 4 })] } })
  sub.match(rig.balancer.snapshot().pools[0]?.backends[1], { id: 'c', mode: 'drain', weight: 4 })
})

void t.test('another strategy is used from the next session on', async (sub) => {
  await using rig = await Rig.start()
  await rig.reload({ pool: { strategy: 'first' } })
  for (let i = 0; i < 3; i++) await rig.open()
  sub.match(rig.balancer.sessions(), [{ backend: 'a' }, { backend: 'a' }, { backend: 'a' }])
})

void t.test(
  'other checks begin at once, and what is known of a backend stays until they tell',
  async (sub) => {
    await using rig = await Rig.start()
    await using sick = await httpBackend({ healthy: false })
    await rig.reload({ pool: { backends: [rig.a, backendSpec('b', sick.port)] } })
    sub.match(rig.balancer.snapshot().pools[0]?.backends, [{ healthy: true }, { healthy: true }])
    const down = waitForEvent(rig.balancer, 'backend:down', ({ id }) => id === 'b')
    const check = { ...poolConfig('x').check, kind: 'http' as const }
    await rig.reload({ pool: { backends: [rig.a, backendSpec('b', sick.port)], check } })
    await down
    const up = waitForEvent(rig.balancer, 'backend:up', ({ id }) => id === 'b')
    await rig.reload({
      pool: { backends: [rig.a, backendSpec('b', sick.port)], check: { ...check, kind: 'off' } },
    })
    sub.match(await up, [{ reason: 'checks are off' }])
    sub.match(rig.balancer.snapshot().pools[0]?.backends, [
      { healthy: true },
      { healthy: true, eligible: true, healthReason: 'checks are off' },
    ])
  },
)

void t.test('a listener goes to another address, and its sessions and counters with it', async (sub) => {
  await using rig = await Rig.start()
  const session = await rig.open()
  const before = rig.balancer.port
  const port = await freePort()
  const report = await rig.reload({ listener: { address: { kind: 'tcp', host: '127.0.0.1', port } } })
  sub.equal(report.ok, true)
  sub.equal(rig.balancer.port, port)
  sub.equal(await echo(session, 'hello'), 'hello')
  await sub.rejects(open(before), { code: 'ECONNREFUSED' })
  await rig.open()
  sub.match(rig.balancer.snapshot().listeners, [{ accepted: 2, active: 2 }])
})

void t.test(
  'from port 0 to the port that it became, and back, nobody who waits there is lost',
  async (sub) => {
    for (const host of ['127.0.0.1', 'localhost']) {
      await using rig = await Rig.start({ listener: { address: at(0, host) } })
      const { address, port } = rig.balancer
      const moves: string[] = []
      rig.balancer.on('listener:open', ({ address: to }) => moves.push(to))
      for (const next of [port, 0]) {
        const report = await rig.reload({ listener: { address: at(next, host) } })
        sub.match(report, { ok: true, changes: [/listen .* is now/] })
        sub.same(rig.balancer.address, address)
        await rig.open()
      }
      sub.same(moves, [], 'it was not bound anew')
    }
  },
)

void t.test('port 0 gives up the port that it keeps to another listener that asks for it', async (sub) => {
  const port = await freePort()
  await using rig = await Rig.start({ listener: { address: at(port) } })
  const listeners = [
    listenerConfig('main', { address: at(0) }),
    listenerConfig('more', { address: at(port) }),
  ]
  const { balancer, config } = rig
  sub.match(await balancer.reload(configOf(listeners, config.pools)), { ok: true, problems: [] })
  const ports = balancer.snapshot().listeners.map(({ address }) => address)
  sub.equal(ports[1], `127.0.0.1:${port}`)
  sub.not(ports[0], ports[1])
})

void t.test('from all interfaces to one of the same port, and back', async (sub) => {
  const port = await freePort()
  await using rig = await Rig.start({ listener: { address: { kind: 'tcp', host: '0.0.0.0', port } } })
  const session = await rig.open()
  for (const host of ['127.0.0.1', '0.0.0.0', '::']) {
    const report = await rig.reload({ listener: { address: { kind: 'tcp', host, port } } })
    sub.match(report, { ok: true, problems: [] })
    sub.match(rig.balancer.address, { host, port })
    await rig.open()
  }
  sub.equal(await echo(session, 'hello'), 'hello')
})

void t.test(
  'an address that cannot be had changes nothing, also where ours had to be let go for it',
  async (sub) => {
    await using taken = await silentBackend()
    const port = await freePort()
    const own = { kind: 'tcp', host: '0.0.0.0', port } as const
    await using rig = await Rig.start({ listener: { address: own } })
    const report = await rig.balancer.reload(
      configOf(
        [
          listenerConfig('main', { address: { ...own, host: '127.0.0.1' } }),
          listenerConfig('more', {
            address: { kind: 'tcp', host: '127.0.0.1', port: taken.port },
          }),
        ],
        [poolConfig('main', { backends: [rig.b] })],
      ),
    )
    sub.match(report, { ok: false, changes: [], problems: [/already in use/] })
    sub.match(rig.balancer.address, own)
    sub.equal(rig.balancer.config, rig.config)
    sub.same(
      rig.balancer.snapshot().pools[0]?.backends.map(({ id }) => id),
      ['a', 'b'],
    )
    await rig.open()
  },
)

void t.test(
  'a limit that follows from the descriptors does not shrink by sessions that are open',
  async (sub) => {
    await using rig = await Rig.start({ listener: { maxConnections: undefined } })
    const limit = (): number | undefined => rig.balancer.snapshot().listeners[0]?.maxConnections
    const before = limit()
    sub.ok(before !== undefined && before > 10, String(before))
    for (let i = 0; i < 5; i++) await rig.open()
    sub.match(await rig.reload({ listener: { idleTimeoutMs: 1_234 } }), { ok: true })
    sub.equal(limit(), before)
  },
)

void t.test(
  'a session that a listener accepted whose reload failed is known, and ends with the rest',
  async (sub) => {
    await using rig = await Rig.start()
    const { balancer } = rig
    // Names are looked up by four threads, which wait here for who writes.
    const pipes = Array.from({ length: 4 }, (_, i) => join(sub.testdir({}), `pipe${i}`))
    execFileSync('mkfifo', pipes)
    const [port, never] = [await freePort(), await freePort()]
    const busy = pipes.map((path) => openFile(path, 'r'))
    const reloading = balancer.reload(
      configOf(
        [
          ...rig.config.listeners,
          listenerConfig('new', { address: at(port) }),
          listenerConfig('never', { address: at(never, 'no..name') }),
        ],
        rig.config.pools,
      ),
    )
    const session = await waitUntil(() => open(port).catch(() => undefined), { describe: 'the new listener' })
    sub.equal(await echo(session, 'hello'), 'hello')
    // One of the threads may have had something else to do first.
    for (const path of pipes) await waitUntil(() => isLetGo(path), { describe: path })
    for (const file of await Promise.all(busy)) await file.close()
    sub.match(await reloading, { ok: false, problems: [/no\.\.name/] })
    await sub.rejects(open(port), { code: 'ECONNREFUSED' })
    sub.equal(balancer.sessionCount, 1)
    sub.equal(await echo(session, 'still here'), 'still here')
    const ended = once(session, 'error')
    await balancer.close()
    sub.match(await ended, [{ code: 'ECONNRESET' }])
  },
)

/** Whether somebody was there to read, and reads on now. */
function isLetGo(pipe: string): boolean {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return false
    throw error
  }
}

void t.test('a strategy that cannot be made changes nothing', async (sub) => {
  await using rig = await Rig.start()
  const report = await rig.reload({ pool: { strategy: 'custom', strategyFactory: unmakeable, retries: 9 } })
  sub.match(report, { ok: false, problems: ['no such thing'] })
  sub.equal(rig.balancer.config, rig.config)
  await rig.open()
})

void t.test(
  'listeners and pools come and go; a session lives on where its listener and pool are gone',
  async (sub) => {
    await using rig = await Rig.start()
    await using banner = await bannerBackend({ banner: 'hi' })
    const session = await rig.open()
    const report = await rig.balancer.reload(
      configOf(
        [
          listenerConfig('other', {
            pool: 'other',
            address: { kind: 'unix', path: `/tmp/fairlead-reload-${process.pid}.sock` },
          }),
        ],
        [poolConfig('other', { backends: [backendSpec('x', banner.port)] })],
      ),
    )
    sub.same(report.changes, [
      'pool other added with 1 backend',
      'pool main removed',
      `listener other added on unix:/tmp/fairlead-reload-${process.pid}.sock`,
      'listener main removed from 127.0.0.1:0',
    ])
    sub.equal(await echo(session, 'alone'), 'alone')
    sub.match(rig.balancer.sessions(), [{ listener: 'main', pool: 'main', backend: 'a' }])
    const { address } = rig.balancer
    const client = connect(address.kind === 'unix' ? address.path : '')
    client.on('error', (error) => sub.error(error))
    const [greeting] = (await once(client, 'data')) as [Buffer]
    sub.equal(greeting.toString(), 'hi')
    client.destroy()
    session.end()
    await waitUntil(() => rig.balancer.sessions().every(({ listener }) => listener === 'other'))
  },
)

void t.test('a session that queues when its pool is removed still gets its turn', async (sub) => {
  await using rig = await Rig.start({ pool: { backends: [], queueTimeoutMs: 60_000 } })
  await rig.reload({ pool: { backends: [{ ...rig.a, maxConnections: 1 }], queueTimeoutMs: 60_000 } })
  const first = await rig.open()
  const second = await open(rig.balancer.port)
  second.write('queued')
  await waitUntil(() => rig.balancer.snapshot().pools[0]?.queued === 1)
  await rig.balancer.reload(configOf([listenerConfig('main', { pool: 'q' })], [poolConfig('q')]))
  first.end()
  const [chunk] = (await once(second, 'data')) as [Buffer]
  sub.equal(chunk.toString(), 'queued')
  second.destroy()
})

void t.test('a connection that is kept alive goes by the new routes with its next request', async (sub) => {
  await using rig = await Rig.start()
  await using web = await httpBackend({ name: 'web' })
  await using api = await httpBackend({ name: 'api' })
  const pools = [
    poolConfig('web', { backends: [backendSpec('web', web.port)] }),
    poolConfig('api', { backends: [backendSpec('api', api.port)] }),
  ]
  await rig.balancer.reload(configOf([listenTo('web')], pools))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  sub.match(await ask(rig.balancer, agent), /hello from web/)
  await rig.balancer.reload(configOf([listenTo('api')], pools))
  sub.match(await ask(rig.balancer, agent), /hello from api/)
  sub.equal(rig.balancer.snapshot().listeners[0]?.accepted, 1)
  agent.destroy()
})

void t.test('what a restart alone brings is named, and stays as it was', async (sub) => {
  await using rig = await Rig.start()
  const report = await rig.balancer.reload({
    ...rig.config,
    io: 'sockets',
    faults: [],
    log: { ...rig.config.log, level: 'warn' },
    pidFile: '/run/other.pid',
    shutdownTimeoutMs: 1,
  })
  sub.match(report, {
    ok: true,
    needsRestart: ['io', 'faults', 'log', 'pidFile'],
    changes: ['shutdown.timeout 30s is now 1ms'],
  })
  const { log, pidFile } = rig.config
  sub.match(rig.balancer.config, { io: 'auto', faults: false, log, pidFile, shutdownTimeoutMs: 1 })
})

void t.test('reloads come one after the other, each on what the one before left', async (sub) => {
  await using rig = await Rig.start()
  const heard: number[] = []
  rig.balancer.on('config:reload', ({ changes }) => heard.push(changes.length))
  const reports = await Promise.all(
    [[rig.a], [rig.a, rig.b], [rig.a, rig.b]].map((backends) => rig.reload({ pool: { backends } })),
  )
  sub.same(
    reports.map(({ changes }) => changes),
    [['pool main: backend b removed'], [`pool main: backend b (127.0.0.1:${rig.b.address.port}) added`], []],
  )
  sub.same(heard, [1, 1, 0])
})

void t.test('a balancer that stops takes no other configuration', async (sub) => {
  await using rig = await Rig.start()
  await rig.open()
  const drained = rig.balancer.drain({ timeoutMs: 60_000 })
  sub.match(await rig.reload({ pool: { backends: [] } }), {
    ok: false,
    problems: ['the balancer is stopping'],
  })
  await rig.balancer.close()
  await drained
})

void t.test('a drain amid a reload ends it: nothing that it would open accepts', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = 'silence'
  await using rig = await Rig.start()
  const session = await rig.open()
  const port = await freePort()
  const discovery = dnsConfig(server, { timeoutMs: 60_000 })
  const listeners = [...rig.config.listeners, listenerConfig('new', { address: at(port), pool: 'found' })]
  const pools = [...rig.config.pools, poolConfig('found', { discovery })]
  const reloading = rig.balancer.reload(configOf(listeners, pools))
  await waitUntil(() => server.questions > 0)
  const drained = rig.balancer.drain({ timeoutMs: 60_000 })
  sub.match(await reloading, { ok: false, changes: [], problems: ['the balancer is stopping'] })
  await sub.rejects(open(port), { code: 'ECONNREFUSED' })
  sub.equal(await echo(session, 'lives on'), 'lives on')
  session.end()
  session.resume()
  sub.same(await drained, { cut: 0 })
})

void t.test('an address that cannot be taken again is told, and taken by the next reload', async (sub) => {
  const foreign = createServer().on('error', (error) => sub.error(error))
  // Somebody takes the port in the moment in which it is free.
  const { value } = Object.getOwnPropertyDescriptor(Listener.prototype, 'closeServer') ?? {}
  const closeServer = value as (this: Listener) => void
  sub.teardown(() => (Listener.prototype.closeServer = closeServer))
  await using rig = await Rig.start()
  const { port } = rig.balancer
  await rig.reload({ listener: { address: at(port) } })
  Listener.prototype.closeServer = function close(this: Listener) {
    closeServer.call(this)
    foreign.listen(port)
    Listener.prototype.closeServer = closeServer
  }
  const refused = await rig.reload({ listener: { address: at(port, '0.0.0.0') } })
  sub.match(refused, {
    ok: false,
    problems: [
      `address 0.0.0.0:${port} is already in use by another process`,
      `listener main does not listen any more until a reload succeeds: address 127.0.0.1:${port} is already in use by another process`,
    ],
  })
  foreign.close()
  await once(foreign, 'close')
  sub.match(await rig.reload({ listener: { address: at(port) } }), { ok: true })
  await rig.open()
})

void t.test('a listener moves from a name to what it leads to, and back', async (sub) => {
  await using rig = await Rig.start()
  const { port } = rig.balancer
  await rig.reload({ listener: { address: at(port) } })
  sub.match(await rig.reload({ listener: { address: at(port, 'localhost') } }), { ok: true })
  sub.match(await rig.reload({ listener: { address: at(port) } }), { ok: true })
  await rig.open()
})

void t.test('a close amid a reload leaves nothing open', async (sub) => {
  const rig = await Rig.start()
  const port = await freePort()
  const reloading = rig.reload({ listener: { address: { kind: 'tcp', host: '127.0.0.1', port } } })
  await rig[Symbol.asyncDispose]()
  await reloading
  await sub.rejects(open(port), { code: 'ECONNREFUSED' })
})

void t.test('the version grows with each change that was commanded, and with no other', async (sub) => {
  await using rig = await Rig.start()
  const { balancer } = rig
  const versions = [balancer.version]
  balancer.setMode('a', 'drain')
  versions.push(balancer.version)
  balancer.setMode('a', 'drain')
  versions.push(balancer.version)
  await rig.reload({})
  versions.push(balancer.version)
  const [first = 0] = versions
  sub.same(versions, [first, first + 1, first + 1, first + 2])
  sub.equal(balancer.snapshot().version, first + 2)
})

void t.test('the version is none that the process before this one had', async (sub) => {
  const clock = new ManualClock()
  const start = () => createBalancer({ listen: 0, backends: ['a=1'], check: 'off', clock })
  const before = await start()
  for (const weight of [2, 3, 4]) before.setWeight('a', weight)
  await before.close()
  clock.advance(1_000)
  const after = await start()
  sub.ok(after.version > before.version)
  await after.close()
})

/** Plain JavaScript may give them. None means all sessions. */
const NO_FILTERS: readonly (readonly [filter: unknown, message: string])[] = [
  ['banana', 'a filter of sessions must be an object, not "banana"'],
  [null, 'a filter of sessions must be an object, not null'],
  [['a'], 'a filter of sessions must be an object, not ["…"]'],
  [{ backand: 'a' }, 'backand: is no field of a filter of sessions; did you mean backend?'],
  [{ backend: 7 }, 'backend: must be a text, not 7'],
  [{ most: -1, pool: null }, 'most: must be a number of at least 0, not -1\npool: must be a text, not null'],
  [{ most: 1n }, 'most: must be a number of at least 0, not 1'],
]

void t.test('sessions are listed by what they have in common, and killed', async (sub) => {
  await using rig = await Rig.start()
  const { balancer } = rig
  const [first] = [await rig.open(), await rig.open(), await rig.open()] as const
  sub.same(
    balancer.sessions({ backend: 'a' }).map(({ id }) => id),
    [1, 3],
  )
  sub.equal(balancer.sessions({ most: 2 }).length, 2)
  sub.equal(balancer.sessions({ client: '127.0.0.9' }).length, 0)
  sub.equal(balancer.sessions({ listener: 'main', pool: 'main', client: '127.0.0.1' }).length, 3)
  for (const [filter, message] of NO_FILTERS) {
    sub.throws(() => balancer.killSessions(filter as SessionFilter), { code: 'FAIRLEAD_CONFIG', message })
    sub.throws(() => balancer.sessions(filter as SessionFilter), { code: 'FAIRLEAD_CONFIG', message })
  }
  sub.equal(balancer.sessions().length, 3)
  const closed = waitForEvent(balancer, 'session:close')
  sub.equal(balancer.killSession(1), true)
  sub.match(await closed, [{ id: 1, code: 'KD', reason: 'killed' }])
  await waitUntil(() => first?.closed)
  sub.equal(balancer.killSession(1), false)
  sub.equal(balancer.killSessions({ pool: 'main' }), 2)
  sub.equal(balancer.sessions().length, 0)
})

void t.test('sessions are visited step by step, as they are when their turn has come', async (sub) => {
  await using rig = await Rig.start()
  const { balancer } = rig
  for (let i = 0; i < 34; i++) await rig.open()
  sub.equal(balancer.sessionCount, 34)
  const ids: number[] = []
  const steps = balancer.visitSessions({}, ({ id }) => {
    ids.push(id)
    if (id === 1) balancer.killSession(2)
  })
  while (ids.length < 32) steps.next()
  balancer.killSession(34)
  await rig.open()
  runSteps(steps)
  sub.same(ids, [1, ...Array.from({ length: 31 }, (_, i) => i + 3), 35], 'and one that came meanwhile')
  sub.equal(balancer.sessionCount, 33)
  const first: number[] = []
  runSteps(balancer.visitSessions({ most: 2 }, ({ id }) => first.push(id)))
  sub.same(first, [1, 3])
})

void t.test('a snapshot in steps stands changes between two of them', async (sub) => {
  const backends = Array.from({ length: 40 }, (_, i) => `b${i}=127.0.0.1:${i + 1}`)
  await using balancer = await createBalancer({ listen: '127.0.0.1:0', backends, check: 'off' })
  const steps = balancer.liveSnapshot()
  steps.next()
  balancer.removeBackend('b1')
  balancer.removeBackend('b39')
  balancer.addBackend('new=127.0.0.1:41')
  const ids = runSteps(steps).pools[0]?.backends.map(({ id }) => id)
  sub.same(
    ids,
    backends.map((spec) => spec.split('=')[0]),
    'those of the start, each once',
  )
  sub.equal(balancer.snapshot().pools[0]?.backends.length, 39)
})

void t.test('waiting for a backend to be idle ends with its last session, or with the time', async (sub) => {
  await using rig = await Rig.start()
  const { balancer } = rig
  sub.equal(await balancer.whenIdle('a'), true)
  const session = await rig.open()
  sub.equal(await balancer.whenIdle('a', { timeoutMs: 1 }), false)
  const signal = AbortSignal.abort()
  sub.equal(await balancer.whenIdle('a', { signal }), false)
  const both = Promise.all([balancer.whenIdle('a'), balancer.whenIdle('main/a', { timeoutMs: 60_000 })])
  session.end()
  sub.same(await both, [true, true])
  await sub.rejects(balancer.whenIdle('z'), { code: 'FAIRLEAD_UNKNOWN_BACKEND' })
  const busy = await rig.open()
  // Who asks again and again leaves nothing behind: these were called one out of the other, until the stack was full.
  for (let i = 0; i < 20_000; i++) await balancer.whenIdle('b', { signal })
  busy.end()
  sub.equal(await balancer.whenIdle('b'), true)
})

void t.test(
  'a limit that is set at run time holds, and wakes those who queue when it is raised',
  async (sub) => {
    await using rig = await Rig.start({ pool: { backends: [], queueTimeoutMs: 60_000 } })
    await rig.reload({ pool: { backends: [rig.a], queueTimeoutMs: 60_000 } })
    rig.balancer.setMaxConnections('a', 1)
    await rig.open()
    const second = await open(rig.balancer.port)
    second.write('x')
    await waitUntil(() => rig.balancer.snapshot().pools[0]?.queued === 1)
    rig.balancer.setMaxConnections('a', 0)
    const [chunk] = (await once(second, 'data')) as [Buffer]
    sub.equal(chunk.toString(), 'x')
    sub.throws(() => rig.balancer.setMaxConnections('a', -1), { code: 'FAIRLEAD_CONFIG' })
    second.destroy()
  },
)

function unmakeable(): never {
  throw new Error('no such thing')
}

function listenTo(pool: string): ListenerConfig {
  return listenerConfig('main', { pool, http: httpConfig })
}
