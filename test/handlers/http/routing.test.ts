import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap from 'tap'
import { ConfigError } from '../../../src/core/errors.ts'
import { httpBackend } from '../../../src/testing/http-backend.ts'
import { waitUntil } from '../../../src/testing/wait-for.ts'
import { testCertificate } from '../../../src/testing/test-certificate.ts'
import { answering, get, ok, overHttp, post, recordRequests, scripted, TextClient } from './rig.ts'

overHttp(tap, 'hosts and paths lead to pools, the more specific first', async (t, start) => {
  await using exact = await scripted(answering(ok('exact')))
  await using wild = await scripted(answering(ok('wild')))
  await using deep = await scripted(answering(ok('deep')))
  await using api = await scripted(answering(ok('api')))
  await using lb = await start({
    pools: {
      exact: { backends: [exact.port] },
      wild: { backends: [wild.port] },
      deep: { backends: [deep.port] },
      api: { backends: [api.port] },
    },
    routes: [
      { host: '*.example.org', pool: 'wild' },
      { host: '*.deep.example.org', pool: 'deep' },
      { host: 'app.example.org', path: '/x', pool: 'exact' },
      { path: '/api', pool: 'api' },
    ],
  })
  const expected: [string, string, string][] = [
    ['app.example.org', '/x/y', 'exact'],
    ['APP.example.org:8080', '/x?q', 'exact'],
    ['app.example.org.', '/x', 'exact'],
    ['app.example.org', '/xy', 'wild'],
    ['a.b.example.org', '/', 'wild'],
    ['a.deep.example.org', '/', 'deep'],
    ['deep.example.org', '/api', 'wild'],
    ['other.org', '/api/v1', 'api'],
    ['other.org', '/api', 'api'],
    ['other.org', '/apis', '404'],
    ['example.org', '/', '404'],
    ['xexample.org', '/', '404'],
  ]
  await using client = await TextClient.to(lb)
  for (const [host, path, answer] of expected) {
    client.text = ''
    client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await waitUntil(() => /\r\n\r\n./.test(client.text))
    t.match(
      client.text,
      answer === '404' ? /^HTTP\/1.1 404 Not Found\r\n/ : new RegExp(`\r\n\r\n${answer}$`),
      host + path,
    )
  }
  client.text = ''
  client.write('POST / HTTP/1.1\r\nHost: other.org\r\nContent-Length: 10\r\n\r\nhalf')
  t.match(await client.all(), /^HTTP\/1.1 404 [^]*Connection: close\r\n/, 'a body is not waited for')
})

overHttp(tap, 'a route cuts off its prefix and changes headers on both ways', async (t, start) => {
  await using a = await scripted(answering(ok('hi', 'Server: secret\r\nX-Old: 1\r\n')))
  await using lb = await start({
    pools: { api: { backends: [a.port] } },
    routes: [
      {
        path: '/api',
        pool: 'api',
        stripPrefix: true,
        setRequestHeaders: { 'X-Team': 'blue' },
        removeRequestHeaders: 'X-Debug',
        setResponseHeaders: { 'X-Old': '2' },
        removeResponseHeaders: ['server'],
      },
    ],
  })
  await using client = await TextClient.to(lb)
  for (const [target, sent] of [
    ['/api/x?y=/api', '/x?y=/api'],
    ['/api', '/'],
    ['/api?q', '/?q'],
  ] as const) {
    client.text = ''
    client.write(get(target, 'X-Debug: 1\r\nX-Team: red\r\n'))
    await client.received('\r\n\r\nhi')
    t.ok(a.text.includes(`GET ${sent} HTTP/1.1\r\n`), sent)
    t.equal(client.text, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Old: 2\r\n\r\nhi')
  }
  t.notMatch(a.text, /X-Debug|X-Team: red/)
  t.match(a.text, 'X-Team: blue\r\n')
})

overHttp(tap, 'a cookie keeps a client at its backend, also while that drains', async (t, start) => {
  await using a = await scripted(answering(ok('from-a')))
  await using b = await scripted(answering(ok('from-b')))
  await using lb = await start({
    backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`],
    sticky: 'cookie',
    stickyCookie: 'stay',
  })
  await using client = await TextClient.to(lb)
  const ask = async (cookie = ''): Promise<string> => {
    client.text = ''
    client.write(get('/', cookie === '' ? '' : `Cookie: x=1; ${cookie}; y=2\r\n`))
    await waitUntil(() => /\r\n\r\nfrom-.$/.test(client.text))
    return client.text
  }
  const first = await ask()
  t.match(first, /Set-Cookie: stay=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax\r\n[^]*from-a$/)
  const cookie = cookieOf(first)
  for (let i = 0; i < 4; i++) {
    const again = await ask(cookie)
    t.ok(again.endsWith('from-a'))
    t.notMatch(again, 'Set-Cookie', 'only when it changes')
  }
  t.match(await ask('notstay=1; stay=ffffffffffffffff'), 'Set-Cookie', 'an unknown value is replaced')
  lb.setMode('a', 'drain')
  t.ok((await ask(cookie)).endsWith('from-a'))
  t.ok((await ask()).endsWith('from-b'), 'but no new clients')
  lb.setMode('a', 'maint')
  const moved = await ask(cookie)
  t.match(moved, /Set-Cookie: stay=[0-9a-f]{16}; [^]*from-b$/)
  t.not(cookieOf(moved), cookie)
})

overHttp(
  tap,
  'a client whose backend is full is served elsewhere, and keeps its cookie',
  async (t, start) => {
    await using a = await scripted((connection) => {
      connection.socket.on('data', () => {
        if (!connection.text.includes('/hang')) connection.socket.write(ok('from-a'))
      })
    })
    await using b = await scripted(answering(ok('from-b')))
    await using lb = await start({
      backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`],
      balance: 'first',
      sticky: 'cookie',
      backendMaxConnections: 1,
    })
    await using client = await TextClient.to(lb)
    client.write(get())
    const cookie = /Set-Cookie: (\S+);/.exec(await client.received('from-a'))?.[1]
    await using other = await TextClient.to(lb)
    other.write(get('/hang'))
    await waitUntil(() => a.text.includes('/hang'))
    client.text = ''
    client.write(get('/', `Cookie: ${cookie}\r\n`))
    t.notMatch(await client.received('from-b'), 'Set-Cookie')
  },
)

overHttp(tap, "a header's value keeps requests together", async (t, start) => {
  await using a = await scripted(answering(ok('from-a')))
  await using b = await scripted(answering(ok('from-b')))
  await using lb = await start({
    backends: [`a=127.0.0.1:${a.port}`, `b=127.0.0.1:${b.port}`],
    sticky: 'header:X-User',
  })
  await using client = await TextClient.to(lb)
  const ask = async (fields: string): Promise<string> => {
    client.text = ''
    client.write(get('/', fields))
    await waitUntil(() => /\r\n\r\nfrom-.$/.test(client.text))
    return client.text.slice(-1)
  }
  const seen = new Set<string>()
  for (let user = 0; user < 20; user++) {
    const answers = new Set<string>()
    for (let i = 0; i < 3; i++) answers.add(await ask(`x-user: user${user}\r\n`))
    t.equal(answers.size, 1)
    for (const answer of answers) seen.add(answer)
  }
  t.equal(seen.size, 2, 'both get some')
  t.not(await ask(''), await ask(''), 'those without it go round')
})

overHttp(tap, 'answers of ours are text, JSON, HTML or the pages of the operator', async (t, start) => {
  const folder = t.testdir({})
  mkdirSync(join(folder, 'more'))
  writeFileSync(join(folder, '503.html'), '<h1>Störung</h1>')
  writeFileSync(join(folder, 'readme.txt'), 'not a page')
  await using lb = await start({ backends: [], errorPages: folder })
  await using client = await TextClient.to(lb)
  const ask = async (accept: string): Promise<string> => {
    client.text = ''
    client.write(get('/', `${accept === '' ? '' : `Accept: ${accept}\r\n`}X-Request-Id: id-1\r\n`))
    await waitUntil(
      () =>
        Number(/Content-Length: (\d+)/.exec(client.text)?.[1]) === client.text.split('\r\n\r\n')[1]?.length,
    )
    return Buffer.from(client.text, 'latin1').toString('utf8')
  }
  t.match(
    await ask(''),
    /^HTTP\/1.1 503 Service Unavailable\r\n[^]*Retry-After: 5\r\n[^]*X-Request-Id: id-1\r\n/,
  )
  t.match(await ask(''), /\r\n\r\n503 Service Unavailable: No backend is available\n$/)
  t.match(await ask('application/json'), /"status":503[^]*"requestId":"id-1"/)
  t.match(await ask('text/html,*/*'), /\r\n\r\n<h1>Störung<\/h1>$/)
  await t.rejects(start({ backends: [], errorPages: join(folder, 'none') }), ConfigError)
})

overHttp(
  tap,
  'bodies over the limit are answered 413: by their length at once, else when they pass it',
  async (t, start) => {
    await using a = await scripted(() => {})
    await using lb = await start({ backends: [a.port], maxBodySize: 1_000 })
    const ends = recordRequests(lb)
    await using told = await TextClient.to(lb)
    told.write('POST / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nContent-Length: 1001\r\n\r\n')
    t.match(await told.all(), /^HTTP\/1.1 413 [^]*Content-Type: application\/json/)
    t.equal(a.connections.length, 0)
    await using counted = await TextClient.to(lb)
    counted.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n' + 'x'.repeat(500))
    await waitUntil(() => a.text.includes('xxx'))
    counted.write(`\r\n1f4\r\n${'x'.repeat(500)}\r\n1\r\nx\r\n`)
    t.match(await counted.all(), /^HTTP\/1.1 413 /)
    t.strictSame(
      ends.map(({ status }) => status),
      [413, 413],
    )
    told.socket.end()
    counted.socket.end()
  },
)

overHttp(tap, 'requests are counted by status and time, and bytes by backend', async (t, start) => {
  await using a = await scripted(
    answering(ok('hi'), 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', 'nonsense\r\n\r\n'),
  )
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  t.equal(lb.snapshot().pools[0]?.backends[0]?.requests, undefined)
  client.write(get('/1') + get('/2') + post('12345', '', '/3'))
  await client.received('HTTP/1.1 502 ')
  const backend = lb.snapshot().pools[0]?.backends[0]
  t.match(backend?.requests, { answers: { '2xx': 1, '4xx': 1 }, failed: 1 })
  t.equal(sum(backend?.requests?.firstByte.counts), 2)
  t.equal(sum(backend?.requests?.total.counts), 2)
  t.equal(backend?.bytesToBackend, a.text.length)
  t.equal(backend?.active, 0)
})

overHttp(tap, 'TLS backends are verified, by an authority of the operator if need be', async (t, start) => {
  await using secure = await httpBackend({ tls: true, bodyBytes: 100_000 })
  const backend = `https://localhost:${secure.port}`
  await using trusting = await start({ backends: [backend], backendCa: testCertificate, check: 'tcp' })
  await waitUntil(() => trusting.snapshot().pools[0]?.backends[0]?.checks === 1)
  t.equal(trusting.snapshot().pools[0]?.backends[0]?.lastCheck?.code, 'L6OK', 'checks trust the same')
  const checks = secure.connections
  await using client = await TextClient.to(trusting)
  for (let i = 0; i < 2; i++) {
    client.text = ''
    client.write(post('y'.repeat(100_000)))
    await client.received('x'.repeat(100_000))
  }
  t.equal(secure.connections - checks, 1, 'and kept')
  await using wary = await start({ backends: [backend], retries: 0 })
  await using other = await TextClient.to(wary)
  other.write(get())
  t.match(await other.received('\r\n\r\n'), /^HTTP\/1.1 502 /)
  await using careless = await start({ backends: [backend], backendVerify: false })
  await using third = await TextClient.to(careless)
  third.write(get())
  await third.received('xxxx')
})

overHttp(tap, 'X-Request-Id, X-Forwarded and the host pass as they should', async (t, start) => {
  await using a = await httpBackend()
  await using lb = await start({ backends: [a.port] })
  await using client = await TextClient.to(lb)
  client.write(
    get(
      '/',
      'X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nConnection: X-Request-Id, X-Forwarded-For\r\nX-Request-Id: theirs\r\n',
    ),
  )
  await client.received('hello from')
  const headers = a.requests[0]?.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`) ?? []
  t.ok(headers.includes('x-forwarded-for: 127.0.0.1'))
  t.ok(headers.includes(`x-forwarded-port: ${lb.port}`))
  t.ok(headers.includes('host: a.example'))
  t.notOk(headers.some((line) => line.includes('6.6.6.6') || line.includes('theirs')))
})

function cookieOf(text: string): string {
  return /Set-Cookie: (stay=[0-9a-f]{16});/.exec(text)?.[1] ?? ''
}

function sum(counts: readonly number[] = []): number {
  return counts.reduce((all, count) => all + count, 0)
}

overHttp(
  tap,
  'a reload holds for the next request of an open connection: whom to trust, and how much to take',
  async (t, start) => {
    await using a = await scripted(({ socket }) => {
      socket.on('data', (chunk: Buffer) => {
        const text = chunk.toString('latin1')
        if (text.startsWith('GET') || text.endsWith('\r\n0\r\n\r\n')) socket.write(ok('hi'))
      })
    })
    const options = { mode: 'http', listen: '127.0.0.1:0', check: 'off', backends: [a.port] } as const
    const lb = await start({ ...options, trustedProxies: ['127.0.0.1'] })
    const from = 'X-Forwarded-For: 192.0.2.7\r\n'
    const clients = [await TextClient.to(lb), await TextClient.to(lb), await TextClient.to(lb)] as const
    for (const client of clients) {
      client.write(get('/before', from))
      await client.received('hi')
      client.text = ''
    }
    t.match(a.text, 'X-Forwarded-For: 192.0.2.7, 127.0.0.1\r\n')
    const [plain, long, tall] = clients
    // A request under way goes by the rules that it began under.
    const body = 'x'.repeat(20)
    plain.write(`PUT /under-way HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`)
    await waitUntil(() => a.text.includes('/under-way'))
    t.match(await lb.reconfigure({ ...options, maxBodySize: 10, maxHeadSize: 1_024 }), { ok: true })
    plain.write(`14\r\n${body}\r\n0\r\n\r\n`)
    await waitUntil(() => a.text.includes(body))
    await plain.received('hi')
    plain.text = ''
    plain.write(get('/after', from))
    await plain.received('hi')
    await waitUntil(() => a.text.includes('/after'))
    t.match(a.text, /\/after[^]*X-Forwarded-For: 127\.0\.0\.1\r\n/)
    t.match(await long.write(post(body)).all(), /^HTTP\/1.1 413 /)
    t.match(await tall.write(get('/', `X: ${'x'.repeat(2_000)}\r\n`)).all(), /^HTTP\/1.1 431 /)
    for (const client of clients) client.socket.destroy()
  },
)
