import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import type { PerMessageDeflateOptions, RawData } from 'ws'
import { WebSocket, WebSocketServer } from 'ws'
import type { Balancer } from '../../src/control/balancer.ts'
import type { RequestEnd } from '../../src/core/events.ts'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { FixtureServer } from '../../src/testing/fixture-server.ts'
import { waitForEvent, waitUntil } from '../../src/testing/wait-for.ts'
import { overBothIos } from '../faults/rig.ts'
import { sha256 } from '../helpers/sockets.ts'

const LARGE = 5_000_000

for (const deflate of [false, true]) {
  overBothIos(
    t,
    `ws: messages of all kinds arrive as they were sent, both ways${deflate ? ', deflated' : ''}`,
    async (sub, start) => {
      await using backend = await webSocketBackend({ deflate }, echo)
      const lb = await start({ mode: 'http', backends: [backend.port] })
      const client = await connected(lb, { deflate })
      sub.equal(client.extensions !== '', deflate)
      const messages = [
        '',
        'text',
        'ü'.repeat(30_000),
        Buffer.alloc(0),
        deterministicBytes(1, 126),
        deterministicBytes(2, 65_536),
        deterministicBytes(3, LARGE),
        Buffer.alloc(LARGE),
      ]
      for (const message of messages) client.send(message)
      for (const message of messages) sub.equal(await nextMessage(client), nameOf(message))
      // In fragments, with a ping between.
      const large = deterministicBytes(4, 200_000)
      for (let at = 0; at < large.length; at += 50_000) {
        client.send(large.subarray(at, at + 50_000), { fin: at + 50_000 >= large.length })
        client.ping(`p${at}`)
      }
      for (let at = 0; at < large.length; at += 50_000)
        sub.strictSame(await next(client, 'pong'), Buffer.from(`p${at}`))
      sub.equal(await nextMessage(client), nameOf(large))
      client.close(4_001, 'enough')
      const [code, reason] = (await once(client, 'close')) as [number, Buffer]
      sub.strictSame([code, reason.toString()], [4_001, 'enough'], 'the backend said it back')
    },
  )
}

overBothIos(t, 'ws: a backend pings, sends in fragments and closes', async (sub, start) => {
  const large = deterministicBytes(5, LARGE)
  const pongs: string[] = []
  await using backend = await webSocketBackend({}, (socket) => {
    socket.on('pong', (data) => pongs.push(data.toString()))
    socket.ping('there?')
    for (let at = 0; at < LARGE; at += 1_000_000)
      socket.send(large.subarray(at, at + 1_000_000), { fin: at + 1_000_000 >= LARGE })
    socket.on('message', () => socket.close(4_002, 'done'))
  })
  const lb = await start({ mode: 'http', backends: [backend.port] })
  const ended = waitForEvent(lb, 'request:end')
  const client = await connected(lb)
  sub.equal(await nextMessage(client), nameOf(large))
  client.send('thanks')
  const [code, reason] = (await once(client, 'close')) as [number, Buffer]
  sub.strictSame([code, reason.toString()], [4_002, 'done'])
  sub.strictSame(pongs, ['there?'])
  const [end] = (await ended) as [RequestEnd]
  sub.match(end, { status: 101, code: '--' })
  sub.ok(end.bytesOut > LARGE && end.bytesIn > 0, `${end.bytesOut} bytes out, ${end.bytesIn} in`)
})

overBothIos(
  t,
  'ws: an upgrade that the backend refuses is refused with its own words, and the backend serves on',
  async (sub, start) => {
    await using backend = await webSocketBackend({ refuses: true }, echo)
    const lb = await start({ mode: 'http', backends: [backend.port] })
    for (let i = 0; i < 3; i++) {
      const client = new WebSocket(`ws://127.0.0.1:${lb.port}/chat`)
      client.on('error', () => undefined) // It is told of the answer.
      const [request, response] = (await once(client, 'unexpected-response')) as [
        ClientRequest,
        IncomingMessage,
      ]
      const { socket } = request
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      sub.strictSame([response.statusCode, text], [401, 'no ticket'])
      socket?.destroy() // The connection would be kept for another request.
    }
  },
)

overBothIos(
  t,
  'ws: a backend that dies amid a message ends it for the client, and never as if it were whole',
  async (sub, start) => {
    const large = deterministicBytes(6, LARGE)
    for (const death of ['resetAndDestroy', 'destroy'] as const) {
      await using backend = await webSocketBackend({}, (socket, tcp) => {
        socket.send(large, { fin: false })
        socket.on('message', () => tcp[death]())
      })
      const lb = await start({ mode: 'http', backends: [backend.port] })
      const ended = waitForEvent(lb, 'request:end')
      const client = await connected(lb)
      const messages: unknown[] = []
      client.on('message', (data) => messages.push(data))
      client.send('die')
      const [code] = (await once(client, 'close')) as [number]
      sub.equal(code, 1_006, death)
      sub.strictSame(messages, [])
      sub.match(await ended, [{ status: 101, code: death === 'destroy' ? /^(?:--|SD)$/ : 'SD' }])
    }
  },
)

overBothIos(t, 'ws: a client that dies amid a message ends it for the backend', async (sub, start) => {
  const closed: number[] = []
  const messages: unknown[] = []
  await using backend = await webSocketBackend({}, (socket) => {
    socket.on('message', (data) => messages.push(data))
    socket.on('close', (code) => closed.push(code))
  })
  const lb = await start({ mode: 'http', backends: [backend.port] })
  const client = await connected(lb)
  client.send(deterministicBytes(7, LARGE), { fin: false })
  client.terminate()
  await waitUntil(() => closed.length === 1)
  sub.strictSame([closed, messages], [[1_006], []])
  await waitUntil(() => backend.active === 0)
})

overBothIos(
  t,
  'ws: many at once over several backends, some of which leave: no message reaches another client',
  async (sub, start) => {
    await using a = await webSocketBackend({}, echo)
    await using b = await webSocketBackend({}, echo)
    const lb = await start({ mode: 'http', backends: [a.port, b.port], balance: 'least-connections' })
    const random = seededRandom(11)
    const wrong: string[] = []
    const lane = async (id: number): Promise<void> => {
      const client = await connected(lb)
      for (let i = 0; i < 20; i++) {
        const message = `${id}/${i};`.repeat(1 + Math.floor(random() ** 3 * 20_000))
        client.send(message)
        if (random() < 0.01) return client.terminate()
        const name = await nextMessage(client)
        if (name !== nameOf(message)) wrong.push(`${id}/${i} got ${name}`)
      }
      client.close()
      await once(client, 'close')
    }
    await Promise.all(Array.from({ length: 40 }, (_, id) => lane(id)))
    sub.strictSame(wrong, [])
    await waitUntil(() => a.active + b.active === 0)
  },
)

interface BackendOptions {
  readonly deflate?: boolean
  readonly refuses?: boolean
}

/** A WebSocket server of the `ws` package behind a server of `node:http`. */
async function webSocketBackend(
  { deflate = false, refuses = false }: BackendOptions,
  serve: (socket: WebSocket, tcp: Socket) => void,
): Promise<FixtureServer> {
  const server = createServer()
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 2 * LARGE,
    perMessageDeflate: deflate && DEFLATE,
  })
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => undefined) // Its end is what counts.
    if (refuses) {
      stream.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\nno ticket')
      stream.end()
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', () => undefined) // `close` follows.
      serve(socket, request.socket)
    })
  })
  const fixture = new FixtureServer(server)
  await fixture.start()
  return fixture
}

function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

/** Once it is open. Messages that come from then on wait for whoever asks for them. */
async function connected(lb: Balancer, { deflate = false }: BackendOptions = {}): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${lb.port}/chat`, { perMessageDeflate: deflate && DEFLATE })
  client.on('error', () => undefined) // `close` follows.
  const heard: Heard = { message: [], pong: [] }
  inboxes.set(client, heard)
  client.on('message', (data: RawData, isBinary) => {
    const bytes = data as Buffer
    heard.message.push(nameOf(isBinary ? bytes : bytes.toString()))
  })
  client.on('pong', (data) => heard.pong.push(data))
  await once(client, 'open')
  return client
}

/** Also small messages are deflated. */
const DEFLATE: PerMessageDeflateOptions = { threshold: 0 }

interface Heard {
  readonly message: string[]
  readonly pong: Buffer[]
}

const inboxes = new WeakMap<WebSocket, Heard>()

async function next<Kind extends keyof Heard>(client: WebSocket, kind: Kind): Promise<Heard[Kind][number]> {
  const inbox = inboxes.get(client)?.[kind] ?? []
  await waitUntil(() => inbox.length > 0, { describe: `a ${kind}` })
  return inbox.shift() as Heard[Kind][number]
}

function nextMessage(client: WebSocket): Promise<string> {
  return next(client, 'message')
}

/** What a message is, with its hash. */
function nameOf(message: string | Buffer): string {
  const bytes = Buffer.from(message)
  return `${typeof message === 'string' ? 'text' : 'binary'}, ${bytes.length} bytes, ${sha256(bytes)}`
}
