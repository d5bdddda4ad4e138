import t from 'tap'
import type { Test } from 'tap'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { httpBackend } from '../../src/testing/http-backend.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { sha256 } from '../helpers/sockets.ts'
import { RawHttpClient } from '../http/raw-http-client.ts'
import type { Command } from './command.ts'
import { fairlead, finish } from './command.ts'
import { pathOf, without } from './services.ts'
import { WebSocketClient, webSocketEcho } from './web-socket.ts'

const noCurl = without('curl')

void t.test('curl: bodies, methods, versions and keep-alive', { skip: noCurl }, async (sub) => {
  await using a = await httpBackend({ name: 'a' })
  await using command = fairlead(['127.0.0.1:0', `http://127.0.0.1:${a.port}`])
  const url = `http://127.0.0.1:${await command.port()}`
  const bytes = deterministicBytes(1, 2_000_000)
  const got = { bodyBytes: bytes.length, bodySha256: sha256(bytes) }
  const json = ['-H', 'Accept: application/json']
  const upload = async (...args: string[]) =>
    JSON.parse(await curl(sub, [...json, ...args, `${url}/x`], bytes)) as unknown

  // Of a megabyte and more, curl asks for 100 Continue first.
  sub.match(await upload('--data-binary', '@-'), { method: 'POST', ...got })
  sub.match(await upload('-T', '-'), { method: 'PUT', ...got }, 'chunked')
  sub.match(await upload('--http1.0', '--data-binary', '@-'), { method: 'POST', httpVersion: '1.1', ...got })
  sub.match(await curl(sub, ['--head', `${url}/x`]), /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)+\r\n$/)
  sub.match(
    await curl(sub, ['--http1.0', '-i', `${url}/x`]),
    /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhello from a/,
  )
  const both = await curl(sub, ['-w', '%{num_connects}\n', `${url}/1`, `${url}/2`])
  sub.strictSame(both.match(/^\d+$/gm), ['1', '0'], 'the second rides on the first one’s connection')
  sub.match(
    await curl(sub, ['-w', '%{http_code}', '-H', 'Content-Length: x', url]),
    /400 Bad Request[^]*400$/,
  )

  const requests = await command.entryCount('request:end', 8)
  sub.strictSame(
    requests.map(({ method, path, status }) => `${String(method)} ${String(path)} ${String(status)}`),
    [
      'POST /x 200',
      'PUT /x 200',
      'POST /x 200',
      'HEAD /x 200',
      'GET /x 200',
      'GET /1 200',
      'GET /2 200',
      'GET / 400',
    ],
  )
  sub.equal(a.connections <= 2, true, 'over one kept connection, and one more for what may not be replayed')
})

void t.test(
  'wrk: no error and no other status, with keep-alive and without',
  { skip: without('wrk') },
  async (sub) => {
    await using a = await httpBackend({ name: 'a' })
    await using b = await httpBackend({ name: 'b' })
    const backends = [a, b].map(({ port }) => `http://127.0.0.1:${port}`)
    await using command = fairlead(['127.0.0.1:0', ...backends, '--no-session-log'])
    const url = `http://127.0.0.1:${await command.port()}/`
    for (const args of [
      ['-c', '32'],
      ['-c', '8', '-H', 'Connection: close'],
    ]) {
      const { code, stdout } = await finish(pathOf('wrk'), ['-t', '1', '-d', '1s', ...args, url])
      sub.equal(code, 0)
      sub.match(stdout, /\b[1-9]\d+ requests in /)
      sub.notMatch(stdout, /Socket errors|Non-2xx/, stdout)
    }
    sub.ok(a.requestCount > 0 && Math.abs(a.requestCount - b.requestCount) <= 2, 'both had their share')
    sub.ok(a.connections <= 64, `${a.connections} connections served ${a.requestCount} requests`)
    command.signal('SIGTERM')
    sub.match(await command.exit(), { code: 0 })
  },
)

void t.test('a WebSocket: messages both ways, then a clean end', async (sub) => {
  await using echo = await webSocketEcho()
  await using command = fairlead(['127.0.0.1:0', `http://127.0.0.1:${echo.port}`])
  const port = await command.port()
  await using client = await WebSocketClient.connect(port)
  sub.equal(client.accept, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'the answer to the key of RFC 6455')
  for (const text of ['hello', 'x'.repeat(60_000), '']) {
    client.send(text)
    sub.equal(await client.receive(), text)
  }
  client.send('still open')
  command.signal('SIGTERM')
  await command.entry('drain:start')
  sub.equal(await client.receive(), 'still open', 'it outlives the start of a drain')
  await client.close()
  sub.match(await command.entry('request:end'), { status: 101, code: '--' })
  sub.same(await command.exit(), { code: 0, signal: null })
})

void t.test('an upgrade that the backend declines is a response like any other', async (sub) => {
  await using a = await httpBackend({ name: 'a' })
  await using command = fairlead(['127.0.0.1:0', `http://127.0.0.1:${a.port}`])
  await sub.rejects(WebSocketClient.connect(await command.port()), { message: /HTTP\/1\.1 200 OK/ })
  sub.match(await command.entry('request:end'), { status: 200, code: '--' })
})

void t.test('F21: SIGTERM under keep-alive load fails no request', async (sub) => {
  await using a = await httpBackend({ name: 'a' })
  await using b = await httpBackend({ name: 'b', delayMs: 5 })
  const backends = [a, b].map(({ port }) => `http://127.0.0.1:${port}`)
  await using command = fairlead(['127.0.0.1:0', ...backends])
  const port = await command.port()
  let answered = 0
  const lanes = Array.from({ length: 16 }, async (_, lane) => {
    await using client = new RawHttpClient(port)
    for (;;) {
      const { status, isOpen } = await client.ask(request(lane % 2 === 0 ? 'GET' : 'POST'))
      if (status !== 200) return status
      answered++
      // It has been told, and may go elsewhere before the end.
      if (!isOpen) return 'told'
    }
  })
  await waitUntil(() => answered > 300, { timeoutMs: 20_000 })
  command.signal('SIGTERM')
  sub.strictSame(
    await Promise.all(lanes),
    lanes.map(() => 'told'),
  )
  sub.same(await command.exit(), { code: 0, signal: null })
  const ends = command.entries('request:end')
  sub.equal(ends.length, answered)
  sub.strictSame(
    ends.filter(({ code }) => code !== '--'),
    [],
  )
  sub.match(command.entries('drain:end'), [{ cut: 0 }])
})

void t.test('SIGKILL of a backend under load: every idempotent request succeeds', async (sub) => {
  const backends = ['a', 'b', 'c'].map((name) => fairlead(['backend', '--port', 0, '--name', name]))
  const [victim] = backends
  try {
    const ports = await Promise.all(backends.map(shownPort))
    await using command = fairlead(['127.0.0.1:0', ...ports.map((at) => `http://127.0.0.1:${at}`)])
    const port = await command.port()
    const load = { answered: 0, isOver: false }
    const statuses: number[] = []
    const lanes = Array.from({ length: 16 }, async (_, lane) => {
      await using client = new RawHttpClient(port)
      while (!load.isOver) {
        const { status } = await client.ask(request(lane % 2 === 0 ? 'GET' : 'PUT'))
        load.answered++
        if (status !== 200) statuses.push(status)
      }
    })
    await waitUntil(() => load.answered > 500, { timeoutMs: 20_000 })
    victim?.signal('SIGKILL')
    await victim?.exit()
    const before = load.answered
    await waitUntil(() => load.answered > before + 1_000, { timeoutMs: 20_000 })
    load.isOver = true
    await Promise.all(lanes)
    sub.strictSame(statuses, [], 'all were answered 200')
    const ends = command.entries('request:end')
    sub.ok(
      ends.some(({ tried }) => (tried as unknown[]).length > 0),
      'some had met the dead one',
    )
  } finally {
    for (const backend of backends) await backend[Symbol.asyncDispose]()
  }
})

function request(method: string) {
  const body = method === 'GET' ? Buffer.alloc(0) : Buffer.alloc(2_000, 'x')
  const framing = method === 'GET' ? ('none' as const) : ('length' as const)
  return { method, target: '/', version: '1.1' as const, keepAlive: true, framing, body, cut: () => [] }
}

async function shownPort(command: Command): Promise<number> {
  return Number((await command.says(/curl http:\/\/(?:localhost|127\.0\.0\.1):(\d+)/))[1])
}

async function curl(sub: Test, args: readonly string[], input?: Buffer): Promise<string> {
  const options = input === undefined ? {} : { input }
  const { code, stdout, stderr } = await finish(pathOf('curl'), ['-sS', '-m', '20', ...args], options)
  sub.equal(code, 0, stderr)
  return stdout
}
