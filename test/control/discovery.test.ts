import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { resolveOptions } from '../../src/config/resolve.ts'
import type { Config, DiscoveryConfig, DnsDiscoveryConfig } from '../../src/config/schema.ts'
import { startBalancer } from '../../src/control/create-balancer.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { dnsConfig } from '../discovery/follow.ts'
import { DnsServer } from '../helpers/dns-server.ts'
import { connectTo, readAll, readBytes } from '../helpers/sockets.ts'

function configOf(discovery: DiscoveryConfig | undefined, backends: readonly number[] = []): Config {
  // Whatever port: it is taken out again where backends are discovered.
  const config = resolveOptions({ listen: '127.0.0.1:0', backends: [...backends, 9], check: 'off' })
  const [pool] = config.pools
  return {
    ...config,
    pools: config.pools.map((each) => ({ ...each, discovery, backends: pool?.backends.slice(0, -1) ?? [] })),
  }
}

function idsOf(balancer: Balancer): string[] {
  return balancer.snapshot().pools[0]?.backends.map(({ id }) => id) ?? []
}

async function echo(balancer: Balancer, text: string): Promise<string> {
  const socket = await connectTo(balancer.address)
  socket.end(text)
  const { bytes } = await readAll(socket)
  return bytes.toString()
}

/** Questions never time out, however fast the clock is turned. */
function patientConfig(server: DnsServer, more: Partial<DnsDiscoveryConfig> = {}): DnsDiscoveryConfig {
  return dnsConfig(server, { timeoutMs: 1_000_000_000, ...more })
}

/** Turns the clock to the next look, again and again, until `done`. */
async function lookUntil(clock: ManualClock, done: () => boolean): Promise<void> {
  await waitUntil(() => {
    if (done()) return true
    clock.advance(500)
    return false
  })
}

void t.test('whoever is accepted first finds the backends of the first answer', async (sub) => {
  await using server = await DnsServer.start()
  await using backend = await echoBackend()
  server.answer = ['127.0.0.1']
  await using balancer = await startBalancer(configOf(patientConfig(server, { port: backend.port })))
  sub.equal(await echo(balancer, 'hello'), 'hello')
  sub.same(idsOf(balancer), [`127.0.0.1:${backend.port}`])
})

void t.test('backends come and go with the answers; open sessions of those that go live on', async (sub) => {
  await using server = await DnsServer.start()
  await using one = await echoBackend()
  await using other = await echoBackend()
  const [a, b] = [`127.0.0.1:${one.port}`, `127.0.0.1:${other.port}`]
  server.names.set('host.test', ['127.0.0.1'])
  server.answer = [{ target: 'host.test', port: one.port }]
  const clock = new ManualClock()
  await using balancer = await startBalancer(configOf(patientConfig(server, { records: 'srv' })), { clock })
  const session = await connectTo(balancer.address)
  session.write('one')
  await readBytes(session, 3)
  const told = new Set<string>()
  balancer.on('backend:add', ({ id }) => told.add(`+${id}`))
  balancer.on('backend:remove', ({ id }) => told.add(`-${id}`))
  server.answer = [{ target: 'host.test', port: other.port }]
  await lookUntil(clock, () => told.size >= 2)
  sub.strictSame(told, new Set([`-${a}`, `+${b}`]))
  sub.equal(await echo(balancer, 'two'), 'two')
  sub.equal(other.sessions.length, 1)
  session.write('still here')
  sub.equal((await readBytes(session, 10)).toString(), 'still here')
})

void t.test(
  'a source that fails from the start is told once the balancer is there, and its recovery too',
  async (sub) => {
    await using server = await DnsServer.start()
    await using backend = await echoBackend()
    const clock = new ManualClock()
    await using balancer = await startBalancer(configOf(patientConfig(server, { port: backend.port })), {
      clock,
    })
    const [failed] = await waitForEvent(balancer, 'discovery:failed')
    sub.strictSame(failed, {
      pool: 'main',
      source: `dns app.test:${backend.port}`,
      reason: 'app.test: the name server failed (SERVFAIL)',
    })
    sub.same(idsOf(balancer), [])
    server.answer = ['127.0.0.1']
    const recovered = waitForEvent(balancer, 'discovery:recovered')
    await lookUntil(clock, () => idsOf(balancer).length === 1)
    sub.strictSame(await recovered, [{ pool: 'main', source: `dns app.test:${backend.port}` }])
    sub.equal(await echo(balancer, 'at last'), 'at last')
  },
)

void t.test('a silent name server delays a start by its timeout and no more', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = 'silence'
  const clock = new ManualClock()
  const starting = startBalancer(configOf(dnsConfig(server, { timeoutMs: 2_000 })), { clock })
  await waitUntil(() => server.questions >= 2)
  await clock.advanceAsync(2_000)
  await using balancer = await starting
  sub.equal(balancer.state, 'running')
})

void t.test('a reload with an equal source touches nothing; another one takes its place', async (sub) => {
  await using server = await DnsServer.start()
  server.names.set('a.test', ['10.0.0.1'])
  server.names.set('b.test', ['10.0.0.2'])
  const clock = new ManualClock()
  const ofName = (name: string): Config => configOf(patientConfig(server, { name }))
  await using balancer = await startBalancer(ofName('a.test'), { clock })
  const events: string[] = []
  for (const name of ['backend:add', 'backend:remove', 'discovery:failed', 'discovery:recovered'] as const) {
    balancer.on(name, () => events.push(name))
  }
  const { questions } = server
  sub.match(await balancer.reload(ofName('a.test')), { ok: true, changes: [] })
  sub.equal(server.questions, questions, 'nobody was asked')
  sub.same(idsOf(balancer), ['10.0.0.1:80'])

  sub.match(await balancer.reload(ofName('b.test')), { ok: true, changes: ['pool main: discover changed'] })
  await waitUntil(() => idsOf(balancer).includes('10.0.0.2:80'))
  sub.same(idsOf(balancer), ['10.0.0.2:80'])
  await balancer.reload(ofName('c.test'))
  await waitUntil(() => events.includes('discovery:failed'))
  sub.same(idsOf(balancer), ['10.0.0.2:80'], 'the last good answer, though of another source')
  await balancer.reload(ofName('b.test'))
  await waitUntil(() => events.includes('discovery:recovered'))

  await balancer.reload(configOf(undefined, [3001]))
  sub.same(idsOf(balancer), ['127.0.0.1:3001'])
  await balancer.reload(ofName('a.test'))
  await waitUntil(() => idsOf(balancer).includes('10.0.0.1:80'))
  sub.same(idsOf(balancer), ['10.0.0.1:80'])
})

void t.test('what an operator commanded of a backend survives answers that do not touch it', async (sub) => {
  await using server = await DnsServer.start()
  server.answer = ['10.0.0.1', '10.0.0.2']
  const clock = new ManualClock()
  await using balancer = await startBalancer(configOf(patientConfig(server)), { clock })
  balancer.setWeight('10.0.0.1:80', 7)
  balancer.setMode('10.0.0.1:80', 'drain')
  server.answer = ['10.0.0.3', '10.0.0.1']
  await lookUntil(clock, () => idsOf(balancer).includes('10.0.0.3:80'))
  sub.match(balancer.snapshot().pools[0]?.backends[0], { id: '10.0.0.1:80', weight: 7, mode: 'drain' })
})

void t.test('F12: records come and go 60 times under load, and no session fails', async (sub) => {
  await using server = await DnsServer.start()
  const backends = await Promise.all([echoBackend(), echoBackend(), echoBackend(), echoBackend()])
  const clock = new ManualClock()
  server.names.set('host.test', ['127.0.0.1'])
  const present = (turn: number): number[] =>
    backends.filter((_, i) => (turn + i) % 4 < 2).map(({ port }) => port)
  const publish = (turn: number): void => {
    server.answer = present(turn).map((port) => ({ target: 'host.test', port }))
  }
  publish(0)
  {
    await using balancer = await startBalancer(configOf(patientConfig(server, { records: 'srv' })), { clock })
    const over = new AbortController()
    let served = 0
    const load = Array.from({ length: 8 }, async (_, client) => {
      for (let i = 0; !over.signal.aborted; i++) {
        const text = `${client}: ${i}`
        const answer = await echo(balancer, text)
        if (answer !== text) throw new Error(`${text} was answered ${JSON.stringify(answer)}`)
        served++
      }
    })
    const long = await connectTo(balancer.address)
    long.write('begin ')
    for (let turn = 1; turn <= 60; turn++) {
      // Failures amid all that change nothing.
      if (turn % 7 === 0) server.answer = 'SERVFAIL'
      else publish(turn)
      const wanted = present(turn).map((port) => `127.0.0.1:${port}`)
      const { questions } = server
      await lookUntil(clock, () =>
        turn % 7 === 0
          ? server.questions > questions
          : idsOf(balancer).toSorted().join() === wanted.toSorted().join(),
      )
    }
    over.abort()
    await Promise.all(load)
    long.end('end')
    sub.equal((await readAll(long)).bytes.toString(), 'begin end')
    sub.ok(served > 100, `${served} sessions`)
    for (const { sessions } of backends) sub.ok(sessions.length > 0, 'each served')
    const { ends } = balancer.snapshot().listeners[0] ?? {}
    sub.same(Object.keys(ends ?? {}), ['--'])
  }
  await Promise.all(backends.map((backend) => backend[Symbol.asyncDispose]()))
})

void t.test('a file is followed without a restart', async (sub) => {
  await using one = await echoBackend()
  await using other = await echoBackend()
  const folder = sub.testdir({ 'b.yaml': `- one=${one.port}\n` })
  const path = join(folder, 'b.yaml')
  const config = configOf({ kind: 'file', path, intervalMs: 60_000, most: 10 })
  await using balancer = await startBalancer(config)
  sub.equal(await echo(balancer, 'one'), 'one')
  const added = waitForEvent(balancer, 'backend:add')
  writeFileSync(`${path}.new`, `- other=${other.port}\n`)
  renameSync(`${path}.new`, path)
  sub.match(await added, [{ id: 'other' }])
  sub.same(idsOf(balancer), ['other'])
  sub.equal(await echo(balancer, 'two'), 'two')
  sub.equal(other.sessions.length, 1)
})
