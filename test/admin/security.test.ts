import t from 'tap'
import type { Test } from 'tap'
import { startAdmin } from '../../src/admin/start-admin.ts'
import { ConfigError } from '../../src/core/errors.ts'
import { MOST_BODY_BYTES } from '../../src/admin/http/read-body.ts'
import { adminLimits } from '../../src/admin/limits.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { raw, rawSocket, request } from './raw.ts'
import { operate } from './rig.ts'

/** The security list: what must not be possible. */
const ROWS = {
  A1: 'a Host that is not one of ours',
  A2: 'a change that a foreign page asks for',
  A3: 'a change by GET',
  A4: 'an open address without a token',
  A5: 'no token, or a wrong one',
  A6: 'hostile bodies',
  A7: 'paths in another form',
  A8: 'markup in names',
  A9: 'slow clients, unread streams and floods',
  A10: 'random hosts, paths and methods in traffic',
} as const

const tested = new Set<string>()

function row(id: keyof typeof ROWS, what: string, test: (sub: Test) => Promise<void>): void {
  tested.add(id)
  void t.test(`${id}: ${what}`, test)
}

const TOKEN = 'a-token-of-32-characters-or-more'
const RELOAD = 'POST /api/v1/counters/reset'

row('A1', 'a Host name that is not one of ours is refused, but for probes', async (sub) => {
  const { admin } = await operate(sub, { admin: { hosts: ['lb.example.org'] } })
  const ask = async (path: string, host: string): Promise<number> =>
    (await raw(admin.address, request(`GET ${path}`, [`Host: ${host}`]))).status
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    'xlb.example.org',
    'a@localhost',
    'localhost:x',
    '',
  ]) {
    sub.equal(await ask('/api/v1/status', host), 403, host)
    sub.equal(await ask('/', host), 403, host)
    sub.equal(await ask('/nowhere', host), 403, `${host}: not even whether there is something`)
    sub.equal(await ask('/livez', host), 200, host)
    sub.equal(await ask('/readyz', host), 200, host)
  }
  const own = [
    'localhost',
    'LOCALHOST:1',
    'localhost.',
    '127.0.0.1:9',
    '[::1]',
    '[::1]:8',
    '192.0.2.7',
    'Lb.Example.Org:80',
  ]
  for (const host of own) sub.equal(await ask('/api/v1/status', host), 200, host)
  const twice = request('GET /api/v1/status', ['Host: localhost', 'Host: evil.example'])
  sub.equal((await raw(admin.address, twice)).status, 400, 'two of them')
})

row('A2', 'a change is not taken from a foreign page, even without a token', async (sub) => {
  const { admin, balancer } = await operate(sub)
  const host = 'Host: 127.0.0.1:8090'
  const change = async (...fields: string[]): Promise<number> =>
    (await raw(admin.address, request(RELOAD, [host, ...fields]))).status
  sub.equal(await change('Origin: http://evil.example'), 403)
  sub.equal(await change('Origin: null'), 403)
  sub.equal(await change('Origin: http://127.0.0.1:8080'), 403, 'another port is another origin')
  sub.equal(await change('Sec-Fetch-Site: cross-site'), 403)
  sub.equal(await change('Sec-Fetch-Site: same-site'), 403)
  sub.equal(await change('Origin: http://127.0.0.1:8090', 'Sec-Fetch-Site: cross-site'), 403)
  sub.equal(await change('Content-Type: text/plain'), 415)
  sub.equal(await change('Content-Type: application/x-www-form-urlencoded'), 415)
  const before = balancer.version
  const path = 'PATCH /api/v1/pools/main/backends/a'
  const untyped = await raw(admin.address, request(path, [host], '{"weight":9}'))
  sub.equal(untyped.status, 415, 'as a browser sends a body of no type, unasked')
  const form = await raw(admin.address, request(path, [host, 'Content-Type: text/plain'], '{"weight":9}'))
  sub.equal(form.status, 415)
  sub.equal(balancer.version, before)
  sub.equal(await change('Origin: http://127.0.0.1:8090', 'Sec-Fetch-Site: same-origin'), 200)
  sub.equal(await change('Sec-Fetch-Site: none'), 200, 'what somebody typed or bookmarked')
  sub.equal(await change(), 200, 'no browser')
  const preflight = await raw(admin.address, request('OPTIONS /api/v1/status', [host]))
  sub.equal(preflight.status, 405)
  sub.notOk('access-control-allow-origin' in preflight.headers)
})

row(
  'A2',
  'a foreign page does not even get to hold an event stream, but may link to the dashboard',
  async (sub) => {
    const { admin } = await operate(sub)
    const get = async (path: string, ...fields: string[]): Promise<number> =>
      (await raw(admin.address, request(`GET ${path}`, ['Host: 127.0.0.1:8090', ...fields]))).status
    for (const path of ['/api/v1/events', '/api/v1/status', '/metrics']) {
      sub.equal(await get(path, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'), 403, path)
      sub.equal(await get(path, 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: cors'), 403, 'another port')
      sub.equal(await get(path, 'Origin: http://evil.example'), 403, 'a browser without Sec-Fetch')
    }
    sub.equal(await get('/', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'), 200, 'a link')
    sub.equal(await get('/livez', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'), 200, 'a probe')
  },
)

row('A2', 'an Origin behind a thousand fields is seen too', async (sub) => {
  const { admin } = await operate(sub)
  const padding = Array.from({ length: 2_100 }, () => 'X:a')
  const fields = ['Host: 127.0.0.1', ...padding, 'Origin: http://evil.example']
  sub.equal((await raw(admin.address, request(RELOAD, fields))).status, 403)
})

row('A3', 'nothing changes by GET', async (sub) => {
  const { admin } = await operate(sub)
  for (const path of ['/api/v1/reload', '/api/v1/counters/reset', '/api/v1/login', '/api/v1/logout']) {
    const { status, headers } = await raw(admin.address, request(`GET ${path}`))
    sub.strictSame([status, headers['allow']], [405, 'POST'], path)
  }
  const { headers } = await raw(admin.address, request('PUT /api/v1/pools/main/backends/a'))
  sub.equal(headers['allow'], 'DELETE, GET, HEAD, PATCH')
})

row('A4', 'without a token it opens on loopback and unix sockets only, and says what to do', async (sub) => {
  const { control } = await operate(sub)
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'lb.example.org']) {
    const address = { kind: 'tcp', host, port: 0 } as const
    await sub.rejects(startAdmin(control, { address }), {
      constructor: ConfigError,
      message: /give it a token .*tokenFile.*, or listen on 127\.0\.0\.1/,
    })
    await sub.rejects(startAdmin(control, { address, token: '' }), ConfigError)
  }
  for (const host of ['127.0.0.2', '::1', 'localhost']) {
    await using admin = await startAdmin(control, { address: { kind: 'tcp', host, port: 0 } })
    sub.match(admin.address, { port: /[1-9]/ })
  }
  await using open = await startAdmin(control, {
    address: { kind: 'tcp', host: '0.0.0.0', port: 0 },
    token: TOKEN,
  })
  sub.match(open.address, { host: '0.0.0.0' })
})

row('A5', 'nothing but probes and the login answers without the token', async (sub) => {
  const clock = new ManualClock()
  const { ask, balancer } = await operate(sub, { admin: { token: TOKEN, clock } })
  for (const path of [
    '/api/v1/status',
    '/api/v1/events',
    '/metrics',
    '/',
    '/dashboard/x.js',
    '/api/v1/openapi.json',
    '/nowhere',
  ]) {
    const { status, headers, text } = await ask(path)
    sub.equal(status, 401, path)
    sub.match(headers.get('www-authenticate'), /^Bearer /)
    sub.notMatch(text, TOKEN)
  }
  for (const wrong of ['x', TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase(), '', 'x'.repeat(8_000)]) {
    sub.equal((await ask('/api/v1/status', bearer(wrong))).status, 401)
  }
  sub.equal((await ask('/api/v1/status', { headers: { Authorization: `Basic ${TOKEN}` } })).status, 401)
  sub.equal((await ask('/api/v1/status', bearer(TOKEN))).status, 200)
  for (const path of ['/livez', '/readyz', '/login.js', '/login.css'])
    sub.equal((await ask(path)).status, 200, path)
  const page = await ask('/')
  sub.match(page.text, '<form>', 'a browser is shown where to log in')
  sub.match(page.headers.get('content-type'), 'text/html')
  const config = await ask('/api/v1/config', bearer(TOKEN))
  const status = await ask('/api/v1/status', bearer(TOKEN))
  sub.notMatch(config.text + status.text + JSON.stringify(balancer.snapshot()) + process.title, TOKEN)
})

row('A5', 'a login gives a cookie that ends, that no script sees and no other site sends', async (sub) => {
  const clock = new ManualClock()
  const { ask, admin } = await operate(sub, { admin: { token: TOKEN, clock } })
  const login = await ask('/api/v1/login', { method: 'POST', json: { token: TOKEN } })
  sub.equal(login.status, 200)
  const set = login.headers.get('set-cookie') ?? ''
  sub.match(set, /; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
  sub.notMatch(set, TOKEN)
  const [cookie = ''] = set.split(';')
  sub.equal((await ask('/', by(cookie))).status, 200)
  sub.equal((await ask('/api/v1/status', by(cookie))).status, 200)
  const [name, value = ''] = cookie.split('=')
  const [end = '', mac] = value.split('.')
  const later = end.replace(/^[^-]+/, (ms) => (parseInt(ms, 36) + 1).toString(36))
  for (const forged of ['', end, `${later}.${mac}`, `${end}.`, `${end}.${mac}x`, '.', `zzzzzzzzz.${mac}`]) {
    sub.equal((await ask('/api/v1/status', by(`${name}=${forged}`))).status, 401, forged)
  }
  const foreign = request(RELOAD, ['Host: localhost', `Cookie: ${cookie}`, 'Origin: http://evil.example'])
  sub.equal((await raw(admin.address, foreign)).status, 403, 'a cookie is no reason to trust a page')
  sub.match(
    (await ask('/api/v1/logout', { method: 'POST', ...by(cookie) })).headers.get('set-cookie'),
    /Max-Age=0$/,
  )
  sub.equal((await ask('/api/v1/status', by(cookie))).status, 401, 'a copy of it is worth nothing any more')
  const again = await ask('/api/v1/login', { method: 'POST', json: { token: TOKEN } })
  const [second = ''] = (again.headers.get('set-cookie') ?? '').split(';')
  sub.equal((await ask('/api/v1/status', by(second))).status, 200, 'another of the same moment lives on')
  clock.advance(12 * 3_600_000)
  sub.equal((await ask('/api/v1/status', by(second))).status, 401, 'its time is over')
})

row('A5', 'whoever guesses tokens has to wait', async (sub) => {
  const clock = new ManualClock()
  const { ask } = await operate(sub, { admin: { token: TOKEN, clock } })
  const login = (token: string): Promise<{ status: number; headers: Headers }> =>
    ask('/api/v1/login', { method: 'POST', json: { token } })
  for (let i = 0; i < 10; i++) sub.equal((await login('wrong')).status, 401)
  const refused = await login(TOKEN)
  sub.strictSame([refused.status, refused.headers.get('retry-after')], [429, '6'], 'even the right one')
  clock.advance(6_000)
  sub.equal((await login('wrong')).status, 401)
  sub.equal((await login(TOKEN)).status, 429)
  clock.advance(6_000)
  sub.equal((await login(TOKEN)).status, 200)
  const show = (token: string): Promise<{ status: number }> =>
    ask('/api/v1/status', { headers: { Authorization: `Bearer ${token}` } })
  for (let i = 0; i < 60; i++) sub.equal((await show('wrong')).status, 401)
  sub.equal((await show(TOKEN)).status, 429)
  clock.advance(1_000)
  sub.equal((await show(TOKEN)).status, 200)
})

row('A6', 'hostile bodies are refused, and pollute nothing', async (sub) => {
  const { ask, balancer } = await operate(sub)
  const path = '/api/v1/pools/main/backends'
  const post = async (body: string | Buffer): Promise<number> =>
    (await ask(path, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })).status
  const rows: [body: string | Buffer, status: number][] = [
    [Buffer.alloc(2 * 1024 * 1024, ' '), 413],
    [' '.repeat(MOST_BODY_BYTES + 1), 413],
    [' '.repeat(MOST_BODY_BYTES), 400],
    ['['.repeat(100_000), 400],
    [`${'['.repeat(50_000)}${']'.repeat(50_000)}`, 400],
    [`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, 400],
    ['{"__proto__":{"polluted":1},"address":3001}', 400],
    ['{"\\u005f_proto__":{"polluted":1},"address":3001}', 400],
    ['{"constructor":{"prototype":{"polluted":1}},"address":3001}', 400],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['', 400],
    ['null', 400],
    ['{"address":3001,"weight":1e999}', 400],
    ['{"address":3001}{"address":3002}', 400],
  ]
  const before = JSON.stringify(balancer.snapshot().pools)
  for (const [body, status] of rows) sub.equal(await post(body), status, body.toString('latin1').slice(0, 40))
  sub.equal(JSON.stringify(balancer.snapshot().pools), before)
  sub.notOk('polluted' in {})
})

row('A6', 'a body without a length is cut at the limit as well', async (sub) => {
  const { admin } = await operate(sub)
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
  const head =
    'POST /api/v1/pools/main/backends HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  const bytes = `${head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk.repeat(32)}0\r\n\r\n`
  sub.equal((await raw(admin.address, bytes)).status, 413)
})

row('A7', 'a path has one form', async (sub) => {
  const { admin } = await operate(sub, { backends: ['a=127.0.0.1:1', 'x/y=127.0.0.1:2', '[::1]:3'] })
  const ask = async (path: string): Promise<number> =>
    (await raw(admin.address, request(`GET ${path}`))).status
  const others = [
    '/api/v1/pools/main/backends/x%2fy',
    '/api/v1/pools/main/backends/x%2Fy',
    '/api/v1/pools/main/backends/%61',
    '/api/v1/pools/main/backends/x/y',
    '/api/v1/pools/main/backends/a/',
    '/api/v1/./status',
    '/api/v1/../v1/status',
    '/api/v1/%2e%2e/v1/status',
    '/api//v1/status',
    '//api/v1/status',
    '/api/v1/status/',
    '/api/v1/status%00',
    '/api/v1/status;x',
    '/api\\v1\\status',
    '/dashboard/..%2f..%2fpackage.json',
    '/dashboard/../../package.json',
    '/dashboard/~1etc~1passwd',
    'http://127.0.0.1/api/v1/status',
    '*',
    '/api/v1/status?x=1',
    '/API/v1/status',
  ]
  for (const path of others) sub.ok([400, 404].includes(await ask(path)), path)
  for (const id of ['x~1y', '[::1]:3', '%5B%3A%3A1%5D%3A3', '%5b::1%5d:3']) {
    sub.equal(await ask(`/api/v1/pools/main/backends/${id}`), 200, id)
  }
})

row('A7', 'what no path could name is no name', async (sub) => {
  const { ask } = await operate(sub)
  for (const id of ['.', '..']) {
    const json = { address: 3001, id }
    sub.equal((await ask('/api/v1/pools/main/backends', { method: 'POST', json })).status, 400, id)
    await sub.rejects(operate(sub, { pools: { [id]: { backends: [3001] } } }), ConfigError, id)
  }
})

row('A8', 'markup in names is refused, and every answer says how browsers must take it', async (sub) => {
  const { ask } = await operate(sub)
  const markup = '<img src=x onerror=alert(1)>'
  for (const json of [
    { address: 3001, id: markup },
    { address: markup },
    { address: `${markup}=127.0.0.1:3001` },
  ]) {
    const { status, headers } = await ask('/api/v1/pools/main/backends', { method: 'POST', json })
    sub.equal(status, 400)
    sub.equal(headers.get('content-type'), 'application/json')
  }
  for (const path of [
    '/',
    '/api/v1/status',
    '/metrics',
    '/livez',
    '/nowhere',
    '/login.js',
    '/api/v1/openapi.json',
  ]) {
    const { headers } = await ask(path)
    const policy = headers.get('content-security-policy') ?? ''
    sub.match(policy, "default-src 'self'")
    sub.match(policy, "frame-ancestors 'none'")
    sub.notMatch(policy, 'unsafe')
    sub.equal(headers.get('x-content-type-options'), 'nosniff', path)
  }
})

row('A9', 'slow clients are cut off at their deadline, and lock nobody out', async (sub) => {
  const limits = { connections: 20, patienceMs: 200 }
  const { admin, ask } = await operate(sub, { admin: { limits } })
  const silent = Array.from({ length: 50 }, () => rawSocket(admin.address))
  const half = Array.from({ length: 10 }, () => {
    const socket = rawSocket(admin.address)
    socket.write(
      'POST /api/v1/pools/main/backends HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    )
    return socket
  })
  sub.equal((await ask('/api/v1/status')).status, 200, 'one more comes through')
  for (const socket of [...silent, ...half]) socket.resume()
  await waitUntil(() =>
    [...silent, ...half].every(({ destroyed, readableEnded }) => destroyed || readableEnded),
  )
  for (const socket of [...silent, ...half]) socket.destroy()
})

row('A9', 'streams that nobody reads are bounded, and cut off', async (sub) => {
  const limits = { connections: 40, streams: 8 }
  const { admin, balancer, ask } = await operate(sub, { admin: { limits } })
  const answers = Array.from({ length: 12 }, () => {
    const socket = rawSocket(admin.address)
    socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return socket
  })
  const heads = await Promise.all(answers.map(firstLine))
  sub.equal(heads.filter((line) => line === 'HTTP/1.1 200 OK').length, 8)
  sub.equal(heads.filter((line) => line === 'HTTP/1.1 503 Service Unavailable').length, 4)
  for (const socket of answers) socket.pause()
  // So much is more than the system takes for any of them, after a few.
  const source = 'x'.repeat(1_000_000)
  await waitUntil(async () => {
    for (let i = 0; i < 5; i++) balancer.emit('discovery:recovered', { pool: 'main', source })
    const { status } = await ask('/api/v1/events', { method: 'HEAD' })
    return status === 200
  })
  sub.equal((await ask('/api/v1/status')).status, 200)
  for (const socket of answers) socket.destroy()
})

row('A9', 'streams with snapshots, which are long, are bounded on their own', async (sub) => {
  const limits = { streams: 8, watchers: 2 }
  const { admin, ask } = await operate(sub, { admin: { limits } })
  const watchers = Array.from({ length: 2 }, () => {
    const socket = rawSocket(admin.address)
    socket.write('GET /api/v1/events?snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n')
    return socket
  })
  sub.same(await Promise.all(watchers.map(firstLine)), ['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK'])
  const { status, text } = await ask('/api/v1/events?snapshot')
  sub.equal(status, 503)
  sub.match(text, '2 event streams with snapshots are open, which is the most')
  sub.equal((await ask('/api/v1/events', { method: 'HEAD' })).status, 200)
  for (const socket of watchers) socket.destroy()
})

row('A9', 'requests that are sent on and on without an answer end their connection', async (sub) => {
  const { admin, ask } = await operate(sub)
  const flood = raw(admin.address, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20_000))
  sub.equal((await ask('/livez')).status, 200, 'others are served')
  const { body } = await flood
  sub.ok(body.split('HTTP/1.1 200 OK').length <= 8, 'a few may have their answer')
})

row('A9', 'streams behind streams of one connection take no place', async (sub) => {
  const limits = { streams: 2 }
  const { admin, ask } = await operate(sub, { admin: { limits } })
  const socket = rawSocket(admin.address)
  socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3))
  sub.equal(await firstLine(socket), 'HTTP/1.1 200 OK')
  sub.equal((await ask('/api/v1/events', { method: 'HEAD' })).status, 200, 'one of two is open')
  socket.destroy()
})

void t.test('A9: connections leave most descriptors to the traffic', (sub) => {
  sub.same(adminLimits(Infinity), { connections: 1_280, streams: 512, watchers: 128, patienceMs: 5_000 })
  sub.same(adminLimits(1_024), { connections: 252, streams: 100, watchers: 100, patienceMs: 5_000 })
  sub.same(adminLimits(64), { connections: 12, streams: 4, watchers: 4, patienceMs: 5_000 })
  sub.end()
})

row('A10', 'traffic adds no series of metrics', async (sub) => {
  await using backend = await httpBackend({ name: 'a' })
  const { ask, balancer } = await operate(sub, { mode: 'http', backends: [`a=127.0.0.1:${backend.port}`] })
  const series = async (): Promise<string[]> =>
    (await ask('/metrics')).text.split('\n').map((line) => line.replace(/ \S+$/, ''))
  const before = await series()
  sub.ok(before.length > 50)
  const pipelined = Array.from({ length: 2_000 }, (_, i) => {
    const method = ['GET', 'POST', 'BREW', `M${i}`][i % 4]
    return `${method} /${i.toString(36)}?q=${i} HTTP/1.1\r\nHost: h${i}.example\r\nUser-Agent: ${i}\r\nX-${i}: ${i}\r\n\r\n`
  })
  const { body } = await raw(balancer.address, `${pipelined.join('')}${request('GET /last')}`)
  sub.match(body, 'HTTP/1.1')
  // Who asks too often is told what it was told before: the page must have seen the traffic.
  await waitUntil(async () => /accepted_sessions_total\S* 1\n/.test((await ask('/metrics')).text))
  sub.strictSame(await series(), before)
})

void t.test('every row is tested', (sub) => {
  sub.strictSame([...tested].toSorted(), Object.keys(ROWS).toSorted())
  sub.end()
})

function firstLine(socket: ReturnType<typeof rawSocket>): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1').split('\r\n')[0] ?? ''))
  })
}

function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { Authorization: `Bearer ${token}` } }
}

function by(cookie: string): { headers: Record<string, string> } {
  return { headers: { Cookie: `other=1; ${cookie}` } }
}
