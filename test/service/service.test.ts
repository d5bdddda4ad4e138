import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { resolveFile } from '../../src/config/resolve-file.ts'
import type { Config } from '../../src/config/schema.ts'
import { readConfigFile } from '../../src/config/source.ts'
import { ListenError } from '../../src/core/errors.ts'
import type { ReloadReport } from '../../src/core/reload-report.ts'
import { ConfigWatch } from '../../src/service/config-watch.ts'
import { NotReloadableError } from '../../src/service/not-reloadable-error.ts'
import { type Service, type ServiceOptions, startService } from '../../src/service/service.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { ask } from '../e2e/ask.ts'

const echo = await echoBackend()
t.teardown(() => echo.stop())

interface Wanted {
  readonly weight?: number
  readonly admin?: unknown
}

/** A file's contents: one listener, one backend, and an admin listener unless told otherwise. */
function configOf({ weight = 1, admin = 0 }: Wanted = {}): Config {
  return resolveFile({
    listeners: { in: { listen: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { backends: [{ id: 'a', address: echo.port, weight }], check: 'off' } },
    ...(admin === null ? {} : { admin }),
  })
}

/** A service whose configuration the test says, and a way to say another. */
async function serviceOf(
  first: Wanted,
  options: Partial<ServiceOptions> = {},
): Promise<{ service: Service; say: (next: Wanted | Error) => Promise<ReloadReport> }> {
  let next: Wanted | Error = first
  const read = async (): Promise<Config> => {
    if (next instanceof Error) throw next
    return configOf(next)
  }
  const service = await startService({ config: configOf(first), read, ...options })
  return {
    service,
    say: (wanted) => {
      next = wanted
      return service.reload()
    },
  }
}

function adminPort({ adminAddress }: Service): number {
  if (adminAddress?.kind !== 'tcp') throw new Error('no admin listener')
  return adminAddress.port
}

async function weightOf(service: Service): Promise<number> {
  const { body } = await ask({ port: adminPort(service), path: '/api/v1/pools/main/backends/a' })
  return (JSON.parse(body) as { weight: number }).weight
}

void t.test('a service is a balancer and its admin listener, and ends as one', async (sub) => {
  const { service } = await serviceOf({})
  const port = adminPort(service)
  sub.equal((await ask({ port, path: '/readyz' })).status, 200)
  sub.equal(service.balancer.addresses.length, 1)
  await service.drain()
  sub.equal(service.balancer.state, 'closed')
  await sub.rejects(ask({ port, path: '/readyz' }), { code: 'ECONNREFUSED' })
  await service.close()
})

void t.test('operators look in until the last session has ended', async (sub) => {
  const { service } = await serviceOf({})
  const port = adminPort(service)
  const { connect } = await import('node:net')
  const client = connect(service.balancer.port, '127.0.0.1').on('error', () => undefined)
  client.write('x')
  await once(client, 'data')
  const drained = service.drain()
  sub.equal((await ask({ port, path: '/readyz' })).status, 503, 'no load balancer before it should send more')
  sub.match((await ask({ port, path: '/api/v1/sessions' })).body, '"backend":"a"')
  client.end()
  client.resume()
  await drained
  await sub.rejects(ask({ port, path: '/readyz' }), { code: 'ECONNREFUSED' })
})

void t.test('a reload reads again; the API reads the same', async (sub) => {
  const { service, say } = await serviceOf({})
  await using _ = service
  const port = adminPort(service)
  sub.match(await say({ weight: 7 }), { ok: true, changes: [/weight/] })
  sub.equal(await weightOf(service), 7)
  sub.equal(adminPort(service), port, 'the admin listener is not touched')
  const answer = await ask({
    port,
    path: '/api/v1/reload',
    method: 'POST',
    headers: { 'content-length': '0' },
  })
  sub.match(JSON.parse(answer.body), { ok: true, changes: [] })
})

void t.test('a file that cannot be read, or is wrong, changes nothing and says why', async (sub) => {
  const { service, say } = await serviceOf({})
  await using _ = service
  const told: ReloadReport[] = []
  service.balancer.on('config:reload', (report) => told.push(report))
  const wrong = await say({ weight: 300 })
  sub.match(wrong, {
    ok: false,
    changes: [],
    problems: [/^pools\.main\.backends\[0\]\.weight: must be a whole number from 0 to 256/],
  })
  sub.match(await say(new Error('the disk is gone')), { ok: false, problems: ['the disk is gone'] })
  sub.equal(told.length, 2)
  sub.equal(await weightOf(service), 1)
  sub.match(await say({ weight: 2 }), { ok: true })
})

void t.test('reloads are done one at a time, in their order', async (sub) => {
  const { service, say } = await serviceOf({})
  await using _ = service
  const reports = await Promise.all([say({ weight: 2 }), say({ weight: 3 }), say({ weight: 4 })])
  sub.same(
    reports.map(({ ok }) => ok),
    [true, true, true],
  )
  sub.equal(await weightOf(service), 4)
})

void t.test('the admin listener moves, changes its rules, goes and comes with a reload', async (sub) => {
  const { service, say } = await serviceOf({ admin: null })
  await using _ = service
  sub.equal(service.adminAddress, undefined)
  sub.match(await say({ admin: 0 }), { ok: true })
  const first = adminPort(service)
  sub.match(await say({ admin: { listen: first } }), { ok: true })
  sub.equal(adminPort(service), first)
  sub.match(await say({ admin: { listen: first, token: 'quite-a-secret' } }), { ok: true })
  sub.equal((await ask({ port: first, path: '/api/v1/status' })).status, 401, 'the token holds at once')
  const other = await echoBackend()
  await other.stop() // A port that is free.
  sub.match(await say({ admin: other.port }), { ok: true })
  sub.equal(adminPort(service), other.port)
  await waitUntil(async () => (await ask({ port: first }).catch(() => undefined)) === undefined)
  const inTheWay = { admin: { listen: `127.0.0.1:${other.port}`, hosts: ['lb.example.org'] } }
  sub.match(await say(inTheWay), { ok: true }, 'one address after the other')
  sub.match(await say({ admin: null }), { ok: true })
  sub.equal(service.adminAddress, undefined)
})

void t.test('an admin address that cannot be had leaves everything as it was', async (sub) => {
  const { service, say } = await serviceOf({})
  await using _ = service
  const port = adminPort(service)
  const report = await say({ weight: 9, admin: echo.port })
  sub.match(report, { ok: false, problems: [/already in use/] })
  sub.equal(adminPort(service), port)
  sub.equal(await weightOf(service), 1)
  await sub.rejects(startService({ config: configOf({ admin: echo.port }) }), ListenError)
})

void t.test('what came from no file cannot be read again', async (sub) => {
  await using service = await startService({ config: configOf() })
  sub.equal(service.isReloadable, false)
  sub.throws(() => service.reload(), NotReloadableError)
  const port = adminPort(service)
  const asked = { port, path: '/api/v1/reload', method: 'POST', headers: { 'content-length': '0' } }
  sub.equal((await ask(asked)).status, 409)
})

function text(weight: number): string {
  return JSON.stringify({
    listeners: { in: { listen: '127.0.0.1:0', pool: 'main' } },
    pools: { main: { backends: [{ id: 'a', address: echo.port, weight }], check: 'off' } },
  })
}

void t.test('a watched file: its contents count, not its times, nor a moment of absence', async (sub) => {
  const file = join(sub.testdir({}), 'fairlead.json')
  await writeFile(file, text(1))
  const watch = await ConfigWatch.of(file)
  const read = (): Promise<Config> => readConfigFile(file)
  const config = await read()
  await writeFile(file, text(2)) // Between reading and watching: not missed.
  await using service = await startService({ config, read, watch })
  const reports: ReloadReport[] = []
  service.balancer.on('config:reload', (report) => reports.push(report))
  const reported = (count: number): Promise<unknown> => waitUntil(() => reports.length === count)
  await reported(1)
  await writeFile(file, text(2)) // The same again: the next report must be that of 3.
  await writeFile(`${file}.new`, text(3))
  await rename(`${file}.new`, file)
  await reported(2)
  sub.match(reports, [{ changes: [/weight/] }, { changes: [/weight/] }])
  sub.equal(service.balancer.snapshot().pools[0]?.backends[0]?.weight, 3)
  await writeFile(file, '{')
  await reported(3)
  sub.equal(reports[2]?.ok, false)
})

void t.test('a close amid a reload leaves no admin listener open', async (sub) => {
  const { service, say } = await serviceOf({})
  const port = adminPort(service)
  await say({ admin: port })
  // The old one is in the way of the new one: it has ended, and is taken again when the balancer refuses.
  const { balancer } = service
  const reload = balancer.reload.bind(balancer)
  let closed: Promise<void> | undefined
  balancer.reload = (next) => {
    closed = service.close()
    return reload(next)
  }
  const report = await say({ admin: { listen: port, hosts: ['lb.example.org'] } })
  sub.match(report, { ok: false, problems: ['the balancer is stopping'] })
  await closed
  await sub.rejects(ask({ port, path: '/livez' }), { code: 'ECONNREFUSED' })
})
