import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { strategies } from '../../src/balance/strategies.ts'
import type { ReloadReport } from '../../src/core/reload-report.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { closed, connectTo, readBytes } from '../helpers/sockets.ts'
import { raw, rawSocket, request } from './raw.ts'
import { operate } from './rig.ts'

void t.test('status is the snapshot, and what is known of the process', async (sub) => {
  const { ask, balancer } = await operate(sub)
  const { status, headers, json } = await ask('/api/v1/status')
  sub.equal(status, 200)
  sub.equal(headers.get('etag'), `"${balancer.version}"`)
  const { process: facts, at, ...rest } = json as Record<string, unknown>
  const { at: _at, ...snapshot } = JSON.parse(JSON.stringify(balancer.snapshot())) as Record<string, unknown>
  sub.strictSame(rest, snapshot)
  sub.type(at, 'number')
  sub.match(facts, { pid: process.pid, node: process.versions.node, loop: { lagP99Ms: Number } })
})

void t.test('a backend is drained, and taken back', async (sub) => {
  const { ask, balancer } = await operate(sub)
  const path = '/api/v1/pools/main/backends/a'
  const drained = await ask(path, { method: 'PATCH', json: { mode: 'drain', weight: 7, maxConnections: 3 } })
  sub.equal(drained.status, 200)
  sub.match(drained.json, { id: 'a', mode: 'drain', weight: 7, maxConnections: 3 })
  sub.equal(drained.headers.get('etag'), `"${balancer.version}"`)
  sub.match(balancer.snapshot().pools[0]?.backends[0], { mode: 'drain', weight: 7 })
  const back = await ask(path, { method: 'PATCH', json: { mode: 'ready' } })
  sub.match(back.json, { mode: 'ready', weight: 7 })
})

void t.test('nobody undoes by a slip what somebody else has just done', async (sub) => {
  const { ask, balancer } = await operate(sub)
  const path = '/api/v1/pools/main/backends/a'
  const etag = (await ask(path)).headers.get('etag') ?? ''
  balancer.setMode('a', 'maint')
  const change = (ifMatch: string): ReturnType<typeof ask> =>
    ask(path, { method: 'PATCH', json: { mode: 'ready' }, headers: { 'If-Match': ifMatch } })
  const refused = await change(etag)
  sub.equal(refused.status, 412)
  sub.match(refused.json, { error: { code: 'FAIRLEAD_CHANGED_MEANWHILE' } })
  sub.equal((await change(`W/"${balancer.version}"`)).status, 412, 'a weak tag never matches')
  sub.match(balancer.snapshot().pools[0]?.backends[0], { mode: 'maint' })
  sub.equal((await change(`"x" ,\t ${refused.headers.get('etag')} `)).status, 200)
  sub.equal((await change('*')).status, 200)
})

void t.test('a backend is added once, and found by its id', async (sub) => {
  const { ask } = await operate(sub)
  const add = (json: unknown): ReturnType<typeof ask> =>
    ask('/api/v1/pools/main/backends', { method: 'POST', json })
  const added = await add({ address: 'tls://[::1]:9', weight: 3, backup: true, maxConnections: 5 })
  sub.equal(added.status, 201)
  sub.match(added.json, { id: '[::1]:9', weight: 3, backup: true, maxConnections: 5 })
  sub.strictSame((await ask(added.headers.get('location') ?? '')).json, added.json)
  sub.equal((await add({ address: '[::1]:9' })).status, 409)
  sub.equal((await add({ address: 9_999, id: 'a' })).status, 409)
  const bad = await add({ address: 'host', weight: 1_000, what: 1 })
  sub.equal(bad.status, 400)
  sub.match(bad.json, { error: { details: [{ path: 'weight' }, { path: 'body', message: /what/ }] } })
  sub.equal((await ask('/api/v1/pools/no/backends', { method: 'POST', json: { address: 1 } })).status, 404)
})

void t.test('a backend is drained before it goes, or stays', async (sub) => {
  await using backend = await echoBackend()
  const clock = new ManualClock()
  const { ask, balancer } = await operate(sub, { backends: [`a=127.0.0.1:${backend.port}`], clock })
  const path = '/api/v1/pools/main/backends/a'
  const client = await connectTo(balancer.address)
  client.write('x')
  await readBytes(client, 1)
  const waitForDrain = (): ReturnType<typeof waitUntil> =>
    waitUntil(() => balancer.snapshot().pools[0]?.backends[0]?.mode === 'drain')

  const impatient = ask(`${path}?wait=2s`, { method: 'DELETE' })
  await waitForDrain()
  await clock.advanceAsync(2_000)
  const busy = await impatient
  sub.equal(busy.status, 409)
  sub.match(busy.json, { error: { code: 'FAIRLEAD_STILL_BUSY' } })
  sub.match(balancer.snapshot().pools[0]?.backends, [{ id: 'a', mode: 'drain', active: 1 }])

  const patient = ask(`${path}?wait=1m`, { method: 'DELETE' })
  client.end()
  await closed(client)
  sub.match((await patient).json, { removed: true, idle: true, closed: 0 })
  sub.same(balancer.snapshot().pools[0]?.backends, [])
  sub.equal((await ask(path, { method: 'DELETE' })).status, 404)
})

void t.test(
  'a removal that nobody waits for any more leaves the backend draining, and its sessions open',
  async (sub) => {
    await using backend = await echoBackend()
    const { ask, admin, balancer } = await operate(sub, { backends: [`a=127.0.0.1:${backend.port}`] })
    const client = await connectTo(balancer.address)
    client.write('x')
    await readBytes(client, 1)
    const removal = 'DELETE /api/v1/pools/main/backends/a?wait=1h&close=true'
    const modeOf = (): string | undefined => balancer.snapshot().pools[0]?.backends[0]?.mode

    const caller = rawSocket(admin.address)
    caller.write(request(removal))
    await waitUntil(() => modeOf() === 'drain')
    caller.destroy()
    // It has heard of that by the time that it has answered others.
    for (let i = 0; i < 3; i++) await ask('/livez')
    sub.match(balancer.snapshot().pools[0]?.backends, [{ id: 'a', mode: 'drain', active: 1 }], 'a hang-up')

    balancer.setMode('a', 'ready')
    const other = raw(admin.address, request(removal))
    await waitUntil(() => modeOf() === 'drain')
    await admin.close()
    sub.equal((await other).status, 409)
    sub.match(
      balancer.snapshot().pools[0]?.backends,
      [{ id: 'a', mode: 'drain', active: 1 }],
      'an admin that closes',
    )
    client.write('y')
    sub.equal((await readBytes(client, 1)).toString(), 'y')
    client.destroy()
  },
)

void t.test('sessions are listed, filtered and reset', async (sub) => {
  await using backend = await echoBackend()
  const { ask, balancer } = await operate(sub, { backends: [`a=127.0.0.1:${backend.port}`] })
  const clients = await Promise.all([1, 2, 3].map(() => connectTo(balancer.address)))
  for (const client of clients) {
    client.write('x')
    await readBytes(client, 1)
  }
  sub.match((await ask('/api/v1/sessions?most=2')).json, {
    sessions: [{ id: 1, backend: 'a' }, { id: 2 }],
    total: 3,
  })
  sub.match((await ask('/api/v1/sessions?client=192.0.2.1')).json, { sessions: [], total: 3 })
  sub.match((await ask('/api/v1/sessions/2', { method: 'DELETE' })).json, { killed: 1 })
  for (const id of ['2', '99', 'x', '-1']) {
    sub.equal((await ask(`/api/v1/sessions/${id}`, { method: 'DELETE' })).status, 404, id)
  }
  sub.equal((await ask('/api/v1/sessions', { method: 'DELETE' })).status, 400, 'not all by a slip')
  sub.equal(
    (await ask('/api/v1/sessions?cilent=x', { method: 'DELETE' })).status,
    400,
    'nor by a mistyped filter',
  )
  sub.equal(balancer.sessions().length, 2)
  sub.match((await ask('/api/v1/sessions?backend=a', { method: 'DELETE' })).json, { killed: 2 })
  for (const client of clients) client.destroy()
})

void t.test('a reload tells what it did; a failed one leaves it ready', async (sub) => {
  const report: ReloadReport = { at: 1, ok: false, changes: [], problems: ['listen: no'], needsRestart: [] }
  const { ask, control } = await operate(sub, {
    admin: {
      reload: () => {
        control.emit('config:reload', report)
        return Promise.resolve(report)
      },
    },
  })
  const { status, json } = await ask('/api/v1/reload', { method: 'POST' })
  sub.equal(status, 422)
  sub.strictSame(json, report)
  const ready = await ask('/readyz?verbose')
  sub.equal(ready.status, 200)
  sub.match(ready.text, '[!]config: the last reload failed')
  sub.notMatch(ready.text, 'listen: no', 'why is not for everybody')
  const without = await operate(sub)
  sub.equal((await without.ask('/api/v1/reload', { method: 'POST' })).status, 409)
})

void t.test('it is ready while it accepts and its checks pass, and alive all the time', async (sub) => {
  let problem: string | undefined
  const checks = [{ name: 'discovery', problem: () => problem }]
  const { ask, balancer } = await operate(sub, { admin: { checks } })
  sub.strictSame([(await ask('/readyz')).status, (await ask('/readyz')).text], [200, 'ok\n'])
  problem = 'no answer yet'
  const failing = await ask('/readyz')
  sub.strictSame([failing.status, failing.text], [503, '[-]discovery failed: no answer yet\nreadyz failed\n'])
  problem = undefined
  await balancer.drain()
  const closing = await ask('/readyz?verbose')
  sub.equal(closing.status, 503)
  sub.match(closing.text, '[-]accepting failed: closed\n[+]discovery ok\n')
  sub.equal((await ask('/livez')).status, 200)
  const change = await ask('/api/v1/pools/main/backends/a', { method: 'PATCH', json: { weight: 2 } })
  sub.equal(change.status, 503)
})

void t.test('the configuration is shown without its secrets', async (sub) => {
  const { ask } = await operate(sub, {
    mode: 'http',
    check: 'http',
    checkHeader: { Authorization: 'Bearer hush' },
    balance: () => strategies['first']({ random: Math.random }),
    routes: [{ pool: 'main', path: '/x', setRequestHeaders: { 'X-Key': 'hush' } }],
  })
  const { text, json } = await ask('/api/v1/config')
  sub.notMatch(text, 'hush')
  sub.match(json, {
    listeners: [
      { http: { upgrades: ['websocket'], routes: [{ request: { set: { 'X-Key': '(hidden)' } } }] } },
    ],
    pools: [{ strategyFactory: '(function)', check: { http: { headers: { Authorization: '(hidden)' } } } }],
  })
})

void t.test('what is asked in a way that is not offered is refused', async (sub) => {
  const { ask } = await operate(sub)
  const accepting = (accept: string): Promise<number> =>
    ask('/api/v1/status', { headers: { Accept: accept } }).then(({ status }) => status)
  sub.equal(await accepting('text/html'), 406)
  sub.equal(await accepting('application/json;q=0, */*'), 406)
  sub.equal(await accepting('text/html, application/*;q=0.1'), 200)
  const page = await ask('/login.css')
  const known = { headers: { 'If-None-Match': page.headers.get('etag') ?? '' } }
  sub.strictSame([(await ask('/login.css', known)).status, (await ask('/login.css', known)).text], [304, ''])
})

void t.test('a unix socket is for its owner alone', async (sub) => {
  const path = join(sub.testdir(), 'admin.sock')
  const { admin, balancer } = await operate(sub, { admin: { address: { kind: 'unix', path } } })
  sub.equal((await stat(path)).mode & 0o777, 0o600)
  const { status, body } = await raw(admin.address, request('GET /api/v1/status', ['Host: anything']))
  sub.equal(status, 200, 'no browser gets there, so any Host will do')
  sub.match(JSON.parse(body), { version: balancer.version })
  await admin.close()
  await sub.rejects(stat(path), { code: 'ENOENT' })
})

void t.test('a filter or a flag that stands twice is refused, and nothing is done', async (sub) => {
  const { ask, balancer } = await operate(sub)
  for (const [path, name] of [
    ['/api/v1/pools/main/backends/a?wait=1s&wait=2s', 'wait'],
    ['/api/v1/sessions?pool=main&backend=a&backend=b', 'backend'],
  ] as const) {
    const { status, json } = await ask(path, { method: 'DELETE' })
    sub.equal(status, 400)
    sub.match(json, { error: { details: [{ path: name, message: 'must stand once' }] } })
  }
  sub.equal(balancer.snapshot().pools[0]?.backends.length, 2)
})
