import type { OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:http'
import { get as getSecurely } from 'node:https'
import { connect } from 'node:net'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Address } from '../../src/core/address.ts'
import type { ReceivedRequest } from '../../src/testing/http-backend.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { testCertificate } from '../../src/testing/test-certificate.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { rawPeer } from '../helpers/raw-peer.ts'
import { connectTo } from '../helpers/sockets.ts'

interface CallOptions {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

function call(to: { address: Address }, path: string, options: CallOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options
  const where =
    to.address.kind === 'unix'
      ? { socketPath: to.address.path }
      : { host: to.address.host, port: to.address.port }
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...where, path, method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, allow: response.headers.allow }),
      )
      response.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly allow: string | undefined
}

function byName(headers: readonly string[][]): string[][] {
  return headers.toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))
}

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

void t.test('answers as text with its name, its count and the request as it came', async (sub) => {
  await using backend = await httpBackend({ name: 'a' })
  await call(backend, '/first')
  const answer = await call(backend, '/x?y=1', { headers: { 'X-Case': 'Kept', host: 'example.org' } })
  sub.equal(answer.status, 200)
  sub.equal(
    answer.text,
    'hello from a: request 2\nGET /x?y=1 HTTP/1.1\nX-Case: Kept\nhost: example.org\nConnection: close\n',
  )
})

void t.test('answers as JSON on demand, with length and hash of the body', async (sub) => {
  await using backend = await httpBackend({ name: 'b' })
  const headers = { accept: 'application/json', host: 'h' }
  const answer = await call(backend, '/in', { method: 'POST', headers, body: 'abc' })
  const expected = {
    name: 'b',
    request: 1,
    method: 'POST',
    url: '/in',
    httpVersion: '1.1',
    headers: [
      ['accept', 'application/json'],
      ['host', 'h'],
      ['Connection', 'close'],
      ['Content-Length', '3'],
    ],
    bodyBytes: 3,
    bodySha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  }
  const parsed = JSON.parse(answer.text) as typeof expected
  sub.same({ ...parsed, headers: byName(parsed.headers) }, { ...expected, headers: byName(expected.headers) })
  const { body, ...recorded } = backend.requests[0] as ReceivedRequest
  sub.same({ name: 'b', ...recorded }, parsed, 'records the same')
  sub.equal(body.toString(), 'abc', 'and the body')
})

void t.test('a text answer tells of a body', async (sub) => {
  await using backend = await httpBackend()
  const answer = await call(backend, '/', { method: 'PUT', body: 'abc' })
  sub.match(answer.text, /^hello from backend: request 1\nPUT \/ HTTP\/1.1\n/)
  sub.match(answer.text, /\(3 bytes of body, sha256 ba7816bf/)
})

void t.test(
  'has a health page that can be switched by call and over HTTP, and that is not counted',
  async (sub) => {
    await using backend = await httpBackend({ name: 'a', healthy: false })
    sub.equal((await call(backend, '/health')).status, 503)
    sub.equal((await call(backend, '/health/ok', { method: 'POST' })).status, 200)
    sub.same(await call(backend, '/health'), { status: 200, text: 'a is healthy\n', allow: undefined })
    sub.equal(
      (await call(backend, '/health/fail', { method: 'POST' })).text,
      'a now answers /health with 503\n',
    )
    sub.equal(backend.healthy, false)
    sub.equal((await call(backend, '/health')).status, 503)
    const get = await call(backend, '/health/ok')
    sub.equal(get.status, 405)
    sub.equal(get.allow, 'POST')
    sub.equal(backend.healthy, false, 'GET changes nothing')
    backend.setHealthy(true)
    sub.equal((await call(backend, '/health')).status, 200)
    sub.equal(backend.requestCount, 0)
    sub.equal(backend.healthChecks, 4)
  },
)

void t.test('delays its answers on its clock, as set or as the request asks', async (sub) => {
  const clock = new ManualClock()
  await using backend = await httpBackend({ delayMs: 200, clock })
  for (const [path, delayMs] of [
    ['/', 200],
    ['/?delay=5000', 5000],
    ['/health?delay=70', 70],
  ] as const) {
    let answered = false
    const opened = once(backend, 'session:open')
    const answer = call(backend, path).then((result) => {
      answered = true
      return result
    })
    await opened
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
    sub.equal(clock.nextInMs, delayMs)
    sub.equal(answered, false)
    clock.advance(delayMs)
    sub.equal((await answer).status, 200)
  }
  sub.equal((await call(backend, '/?delay=0')).status, 200, 'no delay needs no clock')
  sub.equal((await call(backend, '/health')).status, 200, 'health is not delayed')
  for (const bad of ['x', '-1', '1e9', 'NaN'])
    sub.equal((await call(backend, `/?delay=${bad}`)).status, 400, bad)
})

void t.test('forgets a delayed answer when the client has gone', async (sub) => {
  const clock = new ManualClock()
  await using backend = await httpBackend({ delayMs: 1000, clock })
  const client = connect(backend.port).on('error', () => undefined)
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
  client.destroy()
  await once(backend, 'session:close')
  sub.equal(clock.pending, 0)
  sub.equal(backend.active, 0)
})

void t.test('survives a client that leaves amid its body', async (sub) => {
  await using backend = await httpBackend()
  const client = connect(backend.port).on('error', () => undefined)
  client.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabc')
  await once(backend, 'session:open')
  client.resetAndDestroy()
  await once(backend, 'session:close')
  sub.equal((await call(backend, '/')).status, 200)
  sub.equal(backend.requestCount, 1)
})

void t.test('an empty body has the hash of nothing', async (sub) => {
  await using backend = await httpBackend()
  await call(backend, '/')
  sub.equal(backend.requests[0]?.bodySha256, EMPTY_SHA256)
})

void t.test('listens on a unix socket, and comes back on it', async (sub) => {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-'))
  sub.teardown(() => rm(directory, { recursive: true }))
  const path = join(directory, 'http.sock')
  await using backend = await httpBackend({ path, name: 'u' })
  sub.same(backend.address, { kind: 'unix', path })
  sub.equal(backend.port, 0)
  sub.match((await call(backend, '/')).text, 'hello from u: request 1')
  await backend.stop()
  await sub.rejects(call(backend, '/'), { code: /ENOENT|ECONNREFUSED/ })
  await backend.start()
  sub.match((await call(backend, '/')).text, 'hello from u: request 2')
})

void t.test('refuses a unix path that the system would cut off', async (sub) => {
  await sub.rejects(httpBackend({ path: `/${'x'.repeat(107)}` }), /at most 107 bytes/)
})

void t.test('stops amid a request and comes back on the same port', async (sub) => {
  await using backend = await httpBackend()
  const { port } = backend
  const cut = call(backend, '/?delay=60000')
  await once(backend, 'session:open')
  await Promise.all([sub.rejects(cut, { code: 'ECONNRESET' }), backend.stop()])
  await sub.rejects(call(backend, '/'), { code: 'ECONNREFUSED' })
  await backend.start()
  sub.equal(backend.port, port)
  sub.equal((await call(backend, '/')).status, 200)
})

void t.test(
  'answers as it is told for all requests, a path, the next few, or as the request asks',
  async (sub) => {
    await using backend = await httpBackend({ status: 201, headers: { 'x-a': '1' } })
    const statuses = async (...paths: string[]): Promise<number[]> => {
      const all: number[] = []
      for (const path of paths) all.push((await call(backend, path)).status)
      return all
    }
    sub.same(await statuses('/'), [201])
    backend.answer = { status: 202 }
    backend.paths.set('/slow', { status: 203 })
    backend.failNext(2)
    backend.answerNext(1, { status: 504 })
    sub.same(
      await statuses('/slow', '/health', '/', '/', '/slow?x=1', '/', '/?status=418'),
      [503, 200, 503, 504, 203, 202, 418],
    )
    sub.equal((await call(backend, '/?status=99')).text, 'status must be a number from 200 to 599\n')
  },
)

void t.test(
  'sends bodies of any size, as text, in chunks, or over a connection that it ends',
  async (sub) => {
    await using backend = await httpBackend({ body: 'exactly this' })
    const ask = (path: string): Promise<Response> => fetch(`${backend.url}${path}`)
    sub.equal(await (await ask('/')).text(), 'exactly this')
    backend.answer = {}
    const sized = await ask('/?size=300000&close')
    sub.equal(sized.headers.get('content-length'), '300000')
    sub.equal(sized.headers.get('connection'), 'close')
    sub.equal((await sized.text()).length, 300_000)
    const chunked = await ask('/?size=10&chunked')
    sub.equal(chunked.headers.get('transfer-encoding'), 'chunked')
    sub.equal(await chunked.text(), 'x'.repeat(10))
  },
)

void t.test('cuts an answer, by a reset or a close, and can leave one out', async (sub) => {
  await using peer = await rawPeer()
  await using backend = await httpBackend({ bodyBytes: 1_000, cutAfterBytes: 400 })
  for (const [cutBy, end] of [
    ['reset', 'rst'],
    ['close', 'fin'],
  ] as const) {
    for (const cutAfterBytes of [0, 400]) {
      backend.answer = { bodyBytes: 1_000, cutAfterBytes, cutBy }
      const client = await peer.connect({ port: backend.port })
      await client.sendText('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      const received = await client.readTextToEnd()
      const [head = '', body = ''] = received.text.split('\r\n\r\n')
      sub.match(head, /^HTTP\/1.1 200 OK\r\n.*content-length: 1000/is)
      sub.equal(body.length, cutAfterBytes)
      sub.equal(received.end, end, `${cutBy} after ${cutAfterBytes}`)
      await client.close()
    }
  }
  backend.answer = { hang: true }
  const silent = await connectTo(backend.address)
  silent.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await waitUntil(() => backend.requestCount === 5)
  backend.answer = {}
  sub.equal((await call(backend, '/')).status, 200)
  sub.equal(silent.bytesRead, 0)
  silent.destroy()
})

void t.test('speaks HTTPS, with a certificate that one can trust', async (sub) => {
  await using backend = await httpBackend({ name: 'a', tls: true })
  sub.match(backend.url, /^https:\/\/127\.0\.0\.1:\d+$/)
  const text = await new Promise<string>((resolve, reject) => {
    const outgoing = getSecurely(backend.url, { ca: testCertificate, agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => resolve(chunk.toString()))
    })
    outgoing.on('error', reject)
  })
  sub.match(text, 'hello from a: request 1')
})
