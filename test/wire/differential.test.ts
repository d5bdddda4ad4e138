import { once } from 'node:events'
import { createServer, METHODS } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { Duplex } from 'node:stream'
import { test } from 'tap'
import { seededRandom } from '../../src/core/seeded-random.ts'
import { ChunkedScanner } from '../../src/wire/chunked.ts'
import { HeadReader } from '../../src/wire/head-reader.ts'
import { RequestHead } from '../../src/wire/request-head.ts'
import { mutatedRequest } from './mutated-requests.ts'

const MUTATIONS = 20_000
const AT_ONCE = 250

interface Message {
  method: string
  /** As the request line has it. */
  target: string
  fields: string[]
  /** undefined while its end has not come. */
  body: string | undefined
}

interface Reading {
  messages: Message[]
  /** Why nothing was read after them: `end` of the stream or connection, else what was wrong. */
  stop: string
}

/** What Node's server makes of each stream. */
const readings = new WeakMap<Duplex, Reading>()

void test('what Node refuses is refused here, and what is taken is taken for the same messages', async (t) => {
  const server = nodeServer()
  const random = seededRandom(20_260_101)
  const findings = new Set<string>()
  const count = { taken: 0, refused: 0, followed: 0 }
  for (let done = 0; done < MUTATIONS; done += AT_ONCE) {
    const streams = Array.from({ length: AT_ONCE }, () => mutatedRequest(random))
    const theirs = await Promise.all(streams.map((stream) => readByNode(server, stream)))
    streams.forEach((stream, i) => {
      const ours = readByUs(stream)
      const finding = disagreement(ours, theirs[i] as Reading)
      if (finding !== undefined) findings.add(`${finding}: ${JSON.stringify(stream)}`)
      if (ours.messages.length > 0) count.taken++
      else count.refused++
      if (ours.messages.length > 1) count.followed++
    })
  }
  t.same([...findings].slice(0, 20), [])
  t.ok(count.taken > MUTATIONS / 5 && count.refused > MUTATIONS / 5, JSON.stringify(count))
  t.ok(count.followed > MUTATIONS / 10, 'ends of bodies were compared, too')
})

/** What of our reading Node does not share; undefined where it does, or where the case is exempt. */
function disagreement(ours: Reading, theirs: Reading): string | undefined {
  for (const [i, message] of ours.messages.entries()) {
    // Node's parser knows a fixed list of methods; ours takes any token, as a proxy must.
    if (!METHODS.includes(message.method)) return undefined
    const other = theirs.messages[i]
    if (other === undefined) return `only we take message ${i} (Node: ${theirs.stop})`
    if (JSON.stringify(other) !== JSON.stringify(message)) {
      return `read differently (Node: ${theirs.stop}) ${JSON.stringify(other)} not ${JSON.stringify(message)}`
    }
  }
  return undefined
}

function readByUs(stream: string): Reading {
  const bytes = Buffer.from(stream, 'latin1')
  const reader = new HeadReader()
  const request = new RequestHead()
  const messages: Message[] = []
  let at = 0
  for (;;) {
    // The handler's part (RFC 9112, section 2.2).
    while (bytes[at] === 13 && bytes[at + 1] === 10) at += 2
    const head = reader.read(bytes, at)
    if (head === undefined) return { messages, stop: 'end' }
    if (typeof head === 'string') return { messages, stop: head }
    const refusal = request.parse(head.text)
    if (refusal !== undefined) return { messages, stop: refusal.reason }
    const body = bodyOf(request, bytes, head.end)
    if (body.data === null) return { messages, stop: 'broken chunks' }
    messages.push({
      method: request.method,
      target: request.text.split(' ', 2)[1] ?? '',
      fields: Array.from({ length: request.fields.count }, (_, i) => [
        request.fields.name(i),
        request.fields.value(i),
      ]).flat(),
      body: body.data,
    })
    // Node's parser stops at an Upgrade, whether its server takes it or not; what follows is for the backend to say.
    const isLast = !request.keepAlive || request.upgrade !== ''
    if (body.data === undefined || isLast) return { messages, stop: 'end' }
    at = body.end
  }
}

/** `data` is undefined while the body has no end, null where it is none. */
function bodyOf(
  request: RequestHead,
  bytes: Buffer,
  start: number,
): { data: string | undefined | null; end: number } {
  if (request.framing === 'chunked') {
    const scanner = new ChunkedScanner()
    let data = ''
    const end = scanner.scan(bytes, start, (from, to) => {
      data += bytes.toString('latin1', from, to)
    })
    if (scanner.isBroken) return { data: null, end }
    return { data: scanner.isDone ? data : undefined, end }
  }
  const end = start + request.contentLength
  return { data: end <= bytes.length ? bytes.toString('latin1', start, end) : undefined, end }
}

function nodeServer(): Server {
  const options = { insecureHTTPParser: false, requireHostHeader: true, keepAliveTimeout: 0 }
  const server = createServer(options, (request, response) => {
    response.end()
    collect(request)
  })
  server.on('checkExpectation', (_request, response) => response.writeHead(417).end())
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const reading = readings.get(socket)
    if (reading !== undefined) reading.stop = error.code ?? error.message
    socket.destroy()
  })
  return server
}

function collect(request: IncomingMessage): void {
  const message: Message = {
    method: request.method ?? '',
    target: request.url ?? '',
    fields: request.rawHeaders,
    body: undefined,
  }
  readings.get(request.socket)?.messages.push(message)
  let data = ''
  request.setEncoding('latin1')
  request.on('data', (text: string) => {
    data += text
  })
  request.on('end', () => {
    message.body = data
  })
  request.on('error', () => undefined) // The stream ends amid its body: so it stays undefined.
}

async function readByNode(server: Server, stream: string): Promise<Reading> {
  const reading: Reading = { messages: [], stop: 'end' }
  const socket = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done()
    },
  })
  readings.set(socket, reading)
  const closed = once(socket, 'close')
  server.emit('connection', socket)
  socket.push(Buffer.from(stream, 'latin1'))
  socket.push(null)
  await closed
  return reading
}
