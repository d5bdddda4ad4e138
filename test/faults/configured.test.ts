import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { resolveFile } from '../../src/config/resolve-file.ts'
import { resolveOptions } from '../../src/config/resolve.ts'
import { startBalancer } from '../../src/control/create-balancer.ts'
import { ConfigError, FaultsOffError } from '../../src/core/errors.ts'
import { effectiveConfig } from '../../src/config/effective.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { sourceBackend } from '../../src/testing/source-backend.ts'
import { testBalancer } from '../../src/testing/test-balancer.ts'
import { testCertificate } from '../../src/testing/test-certificate.ts'
import { tlsBackend } from '../../src/testing/tls-backend.ts'
import { closed, connectTo, readAll, readBytes } from '../helpers/sockets.ts'
import { nextEnd, overBothIos } from './rig.ts'

function fileOf(more: Readonly<Record<string, unknown>>, port = 3001): Readonly<Record<string, unknown>> {
  return {
    listeners: { main: { listen: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { backends: [port], check: 'off' } },
    ...more,
  }
}

void t.test(
  'faults of the configuration strike the first session, and are told as it starts',
  async (sub) => {
    await using echo = await echoBackend()
    const faults = [
      { type: 'limit-data', bytes: 3, times: 1 },
      { type: 'latency', latencyMs: 1, name: 'limit_data-1' },
    ]
    const config = resolveFile(fileOf({ faults }, echo.port))
    await using balancer = await startBalancer(config, { history: true })
    const told = balancer.waitFor('fault:add', { fault: 'limit_data-1' }, { since: 'start' })
    const ended = nextEnd(balancer)
    const socket = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: balancer.port })
    socket.write('hello')
    sub.equal((await readAll(socket)).bytes.toString(), 'hel')
    socket.destroy()
    sub.same([...(await ended).faults].toSorted(), ['limit_data-1', 'limit_data-2'])
    await told
    sub.same(
      balancer.history().flatMap(({ name, data }) => (name === 'fault:add' ? [data.fault] : [])),
      ['limit_data-2', 'limit_data-1'],
      'each once, and a name of our own is not one that another was given',
    )
    sub.equal(balancer.faults.list().length, 2)
    sub.equal(balancer.faults.clear(), 2)
  },
)

void t.test('the options of the library take the same list, with functions', async (sub) => {
  await using echo = await echoBackend()
  await using lb = await testBalancer({
    backends: [echo],
    retries: 0,
    faults: [{ type: 'refuse', match: ({ session }) => session === 1 }],
  })
  const first = connect(lb.port, '127.0.0.1').on('error', () => undefined)
  await closed(first)
  const second = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: lb.port })
  second.write('x')
  sub.equal((await readBytes(second, 1)).toString(), 'x')
  second.destroy()
  await lb.waitForIdle()
  sub.match(effectiveConfig(lb.config)['faults'], [{ type: 'refuse', match: '(a function)' }])
  sub.throws(
    () => resolveOptions({ listen: 0, backends: [1], faults: [{ type: 'latency', latencyMs: -1 }] }),
    new ConfigError([{ path: 'faults[0].latencyMs', message: 'wants milliseconds, 0 or more' }]),
  )
})

void t.test('a flag allows faults beside those of the file, and forbids them all', async (sub) => {
  const file = fileOf({ faults: [{ type: 'refuse' }] })
  sub.match(resolveFile(file).faults, [{ type: 'refuse' }])
  sub.match(resolveFile(file, { overrides: { faults: true } }).faults, [{ type: 'refuse' }])
  sub.equal(resolveFile(file, { overrides: { faults: false } }).faults, false)
  sub.same(resolveFile(fileOf({ faults: [] })).faults, [])
  sub.same(resolveFile(fileOf({ faults: 'true' })).faults, [], 'as a variable says it')
  sub.equal(resolveFile(fileOf({})).faults, false)
})

void t.test('a reload brings no fault and allows none', async (sub) => {
  await using echo = await echoBackend()
  await using off = await startBalancer(resolveFile(fileOf({}, echo.port)))
  const given = resolveFile(fileOf({ faults: [{ type: 'refuse' }] }, echo.port))
  for (const config of [given, { ...given, faults: [] }]) {
    sub.match(await off.reload(config), { ok: true, changes: [], needsRestart: ['faults'] })
    sub.throws(() => off.faults, FaultsOffError)
    sub.equal(off.config.faults, false)
  }
  await using on = await startBalancer(given)
  sub.match(await on.reload({ ...given }), { ok: true, changes: [], needsRestart: [] })
  sub.match(await on.reload({ ...given, faults: false }), { ok: true, needsRestart: ['faults'] })
  sub.equal(on.faults.list().length, 1, 'and takes none away: those who test are not surprised')
})

overBothIos(t, 'faults reach sessions with TLS backends, in the clear', async (sub, start) => {
  await using backend = await tlsBackend()
  const lb = await start({
    backends: [`tls://localhost:${backend.port}`],
    backendCa: testCertificate,
    faults: true,
  })
  const at = { kind: 'tcp', host: '127.0.0.1', port: lb.port } as const

  using refused = lb.faults.add({ type: 'refuse', times: 1 })
  const cut = lb.faults.add({ type: 'limit_data', bytes: 5, times: 1 })
  const ended = nextEnd(lb)
  const socket = await connectTo(at)
  socket.write('0123456789')
  sub.equal((await readAll(socket)).bytes.toString(), '01234')
  socket.destroy()
  sub.match(await ended, { faults: [refused.name, cut.name], tried: [{ reason: 'ECONNREFUSED' }] })
  sub.equal(backend.sessions.at(-1)?.received.toString(), '0123456789')

  const broken = nextEnd(lb)
  using reset = lb.faults.add({ type: 'reset_peer', afterBytes: 4 })
  const other = connect(lb.port, '127.0.0.1')
  other.on('error', () => undefined)
  other.write('0123456789')
  other.resume()
  await closed(other)
  sub.match(await broken, { code: 'SD', faults: [reset.name] })
})

overBothIos(t, 'faults reach sessions on unix sockets, at either end', async (sub, start) => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-faults-'))
  sub.teardown(() => rmSync(folder, { recursive: true }))
  const bytes = 100_000
  await using backend = await sourceBackend({ path: join(folder, 'b'), bytes, seed: 3 })
  const path = join(folder, 'lb')
  const lb = await start({ listen: `unix:${path}`, backends: [backend], faults: true })
  const whole = deterministicBytes(3, bytes)

  using slices = lb.faults.add({ type: 'slicer', averageSize: 1_000, sizeVariation: 500 })
  const sliced = nextEnd(lb)
  const reader = await connectTo({ kind: 'unix', path })
  sub.ok((await readAll(reader)).bytes.equals(whole))
  reader.destroy()
  sub.match(await sliced, { code: '--', faults: [slices.name] })
  slices.remove()

  for (const on of ['backend', 'client'] as const) {
    using cut = lb.faults.add({ type: 'limit_data', bytes: 10, on })
    const ended = nextEnd(lb)
    const socket = await connectTo({ kind: 'unix', path })
    sub.ok((await readAll(socket)).bytes.equals(whole.subarray(0, 10)), on)
    socket.destroy()
    sub.match(await ended, { faults: [cut.name] })
  }

  using reset = lb.faults.add({ type: 'reset_peer', afterBytes: 10 })
  const ended = nextEnd(lb)
  const socket = connect(path)
  socket.on('error', () => undefined)
  let received = 0
  socket.on('data', (chunk: Buffer) => (received += chunk.length))
  await closed(socket)
  sub.ok(received <= 10, 'RST has no form there: it closes, and no more bytes come')
  sub.match(await ended, { code: 'SD', faults: [reset.name] })
})

void t.test('faults reach a health check of a TLS backend', async (sub) => {
  await using backend = await httpBackend({ name: 'a', tls: true })
  await using lb = await testBalancer({
    backends: [{ address: `https://localhost:${backend.port}`, id: 'a' }],
    backendCa: testCertificate,
    check: 'http',
    faults: [{ type: 'health', name: 'ill', code: 'L6RSP', text: 'no such luck' }],
  })
  await lb.waitFor('backend:down', { id: 'a' }, { since: 'start' })
  sub.match(lb.snapshot().pools[0]?.backends[0]?.lastCheck, {
    ok: false,
    code: 'L6RSP',
    text: 'no such luck',
  })
  lb.faults.clear()
  await lb.waitFor('backend:up', { id: 'a' })
})
