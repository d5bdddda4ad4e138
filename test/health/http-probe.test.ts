import { once } from 'node:events'
import type { LookupFunction } from 'node:net'
import { test } from 'tap'
import type { HttpCheckConfig } from '../../src/config/schema.ts'
import type { Address } from '../../src/core/address.ts'
import type { ProbeResult } from '../../src/core/probe.ts'
import { MAX_BODY_BYTES } from '../../src/health/body-search.ts'
import { httpProbe } from '../../src/health/http-probe.ts'
import type { FixtureServer } from '../../src/testing/fixture-server.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { rawFixture } from '../../src/testing/raw-fixture.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { probeContract } from '../contracts/probe-contract.ts'
import { trust } from '../helpers/trust.ts'

const CHECK: HttpCheckConfig = {
  path: '/health',
  expect: [{ from: 200, to: 399 }],
  host: undefined,
  headers: {},
  bodyContains: undefined,
}

void test('an HTTP probe', async (t) => {
  probeContract(t, {
    makeProbe: (how) => httpProbe(CHECK, how),
    living: httpBackend,
    passes: 'L7OK',
    silent: 'L7TOUT',
  })

  void t.test('passes with the status line as its text', async (sub) => {
    await using backend = await httpBackend()
    sub.same(await check(backend.address), { ok: true, code: 'L7OK', text: '200 OK' })
  })

  void t.test('fails at a status that is not expected, with the status line as its text', async (sub) => {
    await using backend = await httpBackend({ healthy: false })
    sub.same(await check(backend.address), { ok: false, code: 'L7STS', text: '503 Service Unavailable' })
  })

  void t.test('takes the ends of each expected range in, and nothing between ranges', async (sub) => {
    const expect = [
      { from: 200, to: 204 },
      { from: 418, to: 418 },
    ]
    const codes: Record<number, string> = {}
    for (const status of [199, 200, 204, 205, 417, 418, 419, 500]) {
      await using backend = await answering(`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\n\r\n`)
      codes[status] = (await check(backend.address, { expect })).code
    }
    sub.same(codes, {
      199: 'L7RSP', // informational: no final response ever came
      200: 'L7OK',
      204: 'L7OK',
      205: 'L7STS',
      417: 'L7STS',
      418: 'L7OK',
      419: 'L7STS',
      500: 'L7STS',
    })
  })

  void t.test('does not follow a redirect', async (sub) => {
    await using other = await httpBackend()
    await using backend = await answering(
      `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${other.port}/health\r\nContent-Length: 0\r\n\r\n`,
    )
    sub.same(await check(backend.address), { ok: true, code: 'L7OK', text: '302 Found' })
    sub.equal(other.connections, 0)
  })

  void t.test('asks for the path with its Host, its headers, and to close', async (sub) => {
    await using backend = await httpBackend()
    const closed = once(backend, 'session:close')
    await check(backend.address, {
      path: '/ready?full=1',
      host: 'app.example',
      headers: { 'X-Token': 'abc', Host: 'not.this', Connection: 'keep-alive' },
    })
    await closed
    const request = backend.requests[0]
    sub.match(request, { method: 'GET', url: '/ready?full=1', httpVersion: '1.1', bodyBytes: 0 })
    const headers = request?.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    sub.same(headers?.toSorted(), [
      'connection: close',
      'host: app.example',
      'user-agent: fairlead-check',
      'x-token: abc',
    ])
  })

  void t.test('names the backend as the Host where none is configured', async (sub) => {
    await using v4 = await httpBackend()
    await using v6 = await httpBackend({ host: '::1' })
    await check(v4.address, { path: '/' })
    await check(v6.address, { path: '/' })
    sub.equal(hostOf(v4.requests[0]), `127.0.0.1:${v4.port}`)
    sub.equal(hostOf(v6.requests[0]), `[::1]:${v6.port}`)
  })

  void t.test('fails at what is no HTTP', async (sub) => {
    const noHttp = { ok: false, code: 'L7RSP', text: 'the response is no HTTP/1' }
    for (const bytes of ['220 mail.example ESMTP\r\n', '-ERR\n', '\x15\x03\x01\0\x02\x02\x16', 'HTTQ']) {
      await using backend = await answering(bytes)
      sub.same(await check(backend.address), noHttp, JSON.stringify(bytes))
    }
    await using greeting = await rawFixture({}, ({ socket }) => {
      socket.on('end', () => socket.end()).resume()
      socket.write('220 mail.example ESMTP\r\n')
    })
    sub.same(await check(greeting.address), noHttp, 'and it does not wait for more')
  })

  void t.test('fails at a backend that hangs up without a word, and at one that resets', async (sub) => {
    await using silent = await answering('')
    sub.match(await check(silent.address), { ok: false, code: 'L7RSP', text: 'closed without a response' })
    await using resetting = await rawFixture({}, ({ socket }) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    sub.match(await check(resetting.address), { ok: false, code: 'L7RSP', text: 'read ECONNRESET' })
  })

  void t.test('fails at an upgrade that it did not ask for', async (sub) => {
    await using backend = await answering(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    )
    sub.match(await check(backend.address), { ok: false, code: 'L7RSP', text: 'closed without a response' })
  })

  void t.test('fails at a response that breaks off, though its status was good', async (sub) => {
    await using short = await answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    const brokenOff = { ok: false, code: 'L7RSP', text: '200 OK, but the response broke off' }
    sub.same(await check(short.address), brokenOff)
    await using chunked = await answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf')
    sub.same(await check(chunked.address), brokenOff)
    await using garbled = await answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n')
    sub.same(await check(garbled.address), {
      ok: false,
      code: 'L7RSP',
      text: '200 OK, but the response has a malformed chunk',
    })
    await using headless = await answering('HTTP/1.1 200 OK\r\nContent-Le')
    sub.same(await check(headless.address), {
      ok: false,
      code: 'L7RSP',
      text: 'closed within the head of the response',
    })
  })

  void t.test('runs out of time at a body that never ends', async (sub) => {
    await using backend = await rawFixture({}, ({ socket }) => {
      socket.on('end', () => socket.end())
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
    })
    const [abort, closed] = [new AbortController(), once(backend, 'session:close')]
    const opened = once(backend, 'session:open')
    const result = httpProbe(CHECK)(backend.address, abort.signal)
    const [session] = await opened
    await once(session.socket, 'data')
    abort.abort()
    sub.match(await result, { ok: false, code: 'L7TOUT', text: 'no complete response in time' })
    await closed
  })

  void t.test('looks for a text in the body', async (sub) => {
    await using backend = await httpBackend({ name: 'anna' })
    sub.match(await check(backend.address, { bodyContains: 'anna is healthy' }), { ok: true, code: 'L7OK' })
    sub.same(await check(backend.address, { bodyContains: 'berta' }), {
      ok: false,
      code: 'L7RSP',
      text: '200 OK, but its body lacks the expected text',
    })
  })

  void t.test('finds a text that comes byte by byte, in any encoding of its length (F18)', async (sub) => {
    await using backend = await rawFixture({}, ({ socket }) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        for (const byte of Buffer.from('so, schön!')) socket.write(Buffer.from([0x31, 13, 10, byte, 13, 10]))
        socket.end('0\r\n\r\n')
      })
    })
    sub.match(await check(backend.address, { bodyContains: 'schön' }), { ok: true, code: 'L7OK' })
  })

  void t.test('reads no more than 64 KiB of a body, and finds what ends right there', async (sub) => {
    const text = 'the end'
    const endless = await rawFixture({}, ({ socket }) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.write('x'.repeat(MAX_BODY_BYTES - text.length) + text)
        socket.write('behind it'.repeat(1000))
      })
    })
    await using backend = endless
    sub.match(await check(backend.address), { ok: true, code: 'L7OK' })
    sub.match(await check(backend.address, { bodyContains: text }), { ok: true, code: 'L7OK' })
    sub.match(await check(backend.address, { bodyContains: `${text}b` }), { ok: false, code: 'L7RSP' })
  })

  void t.test('fails at a head of more than 16 KiB', async (sub) => {
    await using backend = await answering(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`)
    sub.match(await check(backend.address), { ok: false, code: 'L7RSP', text: /more than 16384 bytes/ })
  })

  void t.test('announces no body, whatever is configured', async (sub) => {
    await using backend = await httpBackend()
    const headers = { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }
    sub.match(await check(backend.address, { path: '/', headers }), { ok: true })
    const names = backend.requests[0]?.headers.map(([name]) => name.toLowerCase())
    sub.same(names?.toSorted(), ['connection', 'host', 'user-agent'])
  })

  void t.test('sends nothing at all where a value could end its own line', async (sub) => {
    await using backend = await httpBackend()
    // Cut to a byte each, these two are CR LF.
    for (const config of [{ headers: { 'X-A': 'a\u010d\u010ab: c' } }, { host: 'a\r\nb: c' }])
      await sub.rejects(check(backend.address, config), { message: /^the value of (x-a|host) holds/ })
    sub.equal(backend.connections, 0)
  })
})

void test('an HTTPS probe', async (t) => {
  const trusting = { transport: 'tls', tls: trust } as const

  probeContract(t, {
    makeProbe: (how) => httpProbe(CHECK, { ...trusting, ...how }),
    living: (listen) => httpBackend({ ...listen, tls: true }),
    passes: 'L7OK',
    silent: 'L6TOUT',
  })

  void t.test('sends the host name as SNI, and none for an IP address, whatever its Host', async (sub) => {
    await using backend = await httpBackend({ tls: true })
    const probe = httpProbe({ ...CHECK, host: 'app.example' }, trusting)
    const { signal } = new AbortController()
    sub.match(await probe({ kind: 'tcp', host: 'localhost', port: backend.port }, signal), { ok: true })
    sub.match(await probe({ kind: 'tcp', host: '127.0.0.1', port: backend.port }, signal), { ok: true })
    sub.same(
      backend.sessions.map(({ tls }) => tls?.servername),
      ['localhost', undefined],
    )
  })

  void t.test('fails at a backend whose certificate nobody vouches for', async (sub) => {
    await using backend = await httpBackend({ tls: true })
    const probe = httpProbe(CHECK, { transport: 'tls' })
    const result = await probe(backend.address, new AbortController().signal)
    sub.match(result, { ok: false, code: 'L6RSP', text: /self-signed certificate/ })
  })

  void t.test('rejects with a fault of this machine, which says nothing about the backend', async (sub) => {
    const fault = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    const lookup: LookupFunction = (_host, _options, done) => done(fault, '')
    const probe = httpProbe(CHECK, { transport: 'tls', tls: { lookup } })
    const localhost: Address = { kind: 'tcp', host: 'localhost', port: 1 }
    await sub.rejects(probe(localhost, new AbortController().signal), fault)
  })

  void t.test('fails in the handshake at a backend that hangs up there', async (sub) => {
    await using backend = await answering('')
    const result = await httpProbe(CHECK, trusting)(backend.address, new AbortController().signal)
    sub.match(result, { ok: false, code: 'L6RSP', text: /before secure TLS connection/ })
  })

  void t.test('runs out of time in the exchange once hands are shaken', async (sub) => {
    await using backend = await httpBackend({ tls: true })
    backend.paths.set('/health', { hang: true })
    const abort = new AbortController()
    const closed = once(backend, 'session:close')
    const result = httpProbe(CHECK, trusting)(backend.address, abort.signal)
    await waitUntil(() => backend.healthChecks === 1)
    abort.abort()
    sub.match(await result, { ok: false, code: 'L7TOUT' })
    await closed
  })
})

async function check(address: Address, config: Partial<HttpCheckConfig> = {}): Promise<ProbeResult> {
  return await httpProbe({ ...CHECK, ...config })(address, new AbortController().signal)
}

/** Answers the first bytes of every connection with `bytes` and its FIN. */
function answering(bytes: string): Promise<FixtureServer> {
  return rawFixture({}, ({ socket }) => {
    socket.once('data', () => socket.end(bytes, 'latin1'))
  })
}

function hostOf(
  request: { headers: readonly (readonly [string, string])[] } | undefined,
): string | undefined {
  return request?.headers.find(([name]) => name.toLowerCase() === 'host')?.[1]
}
