import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { FixtureServer } from '../../src/testing/fixture-server.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo } from '../helpers/sockets.ts'

/** The example of RFC 6455, section 1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const MASK = Buffer.from([1, 2, 3, 4])
const TEXT = 1
const CLOSE = 8

/** Answers a WebSocket's handshake, and each message with itself. (Node 20 has no WebSocket of its own.) */
export async function webSocketEcho(): Promise<FixtureServer> {
  const server = createServer()
  server.on('upgrade', (request, stream) => {
    const socket = stream as Socket
    const key = request.headers['sec-websocket-key'] ?? ''
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    const frames = new FrameReader()
    socket.on('data', (chunk: Buffer) => {
      frames.add(chunk)
      for (let frame = frames.take(); frame !== undefined; frame = frames.take()) {
        socket.write(frameOf(frame.kind, frame.payload, { isMasked: false }))
        if (frame.kind === CLOSE) socket.end()
      }
    })
  })
  const fixture = new FixtureServer(server)
  await fixture.start()
  return fixture
}

/** A WebSocket client that knows text messages of up to 64 KiB, and how to close. */
export class WebSocketClient implements AsyncDisposable {
  /** What the server made of the key. */
  readonly accept: string
  readonly #socket: Socket
  readonly #frames: FrameReader

  /** Rejects with the head of the answer if that is not 101. */
  static async connect(port: number): Promise<WebSocketClient> {
    const socket = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    socket.write(
      `GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    const end = chunk.indexOf('\r\n\r\n') + 4
    const head = chunk.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101 ')) {
      socket.destroy()
      throw new Error(head)
    }
    return new WebSocketClient(socket, head, chunk.subarray(end))
  }

  constructor(socket: Socket, head: string, rest: Buffer) {
    this.accept = /^Sec-WebSocket-Accept: (.*)\r$/m.exec(head)?.[1] ?? ''
    this.#socket = socket
    this.#frames = new FrameReader()
    this.#frames.add(rest)
    socket.on('data', (chunk: Buffer) => this.#frames.add(chunk))
  }

  send(text: string): void {
    this.#socket.write(frameOf(TEXT, Buffer.from(text), { isMasked: true }))
  }

  async receive(): Promise<string> {
    const { payload } = await waitUntil(() => this.#frames.take(), { describe: 'a message' })
    return payload.toString()
  }

  /** The closing handshake, and the end of the connection. */
  async close(): Promise<void> {
    this.#socket.write(frameOf(CLOSE, Buffer.from([3, 232]), { isMasked: true }))
    const { kind } = await waitUntil(() => this.#frames.take(), { describe: 'a close' })
    if (kind !== CLOSE) throw new Error(`a frame ${kind} came instead of a close`)
    await waitUntil(() => this.#socket.readableEnded, { describe: 'the end of the connection' })
    this.#socket.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
  }
}

interface Frame {
  readonly kind: number
  readonly payload: Buffer
}

/** RFC 6455, section 5.2, without fragments and lengths over 64 KiB. */
class FrameReader {
  #bytes: Buffer = Buffer.alloc(0)

  add(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
  }

  take(): Frame | undefined {
    const bytes = this.#bytes
    if (bytes.length < 2) return undefined
    const short = bytes.readUInt8(1) & 127
    const isMasked = bytes.readUInt8(1) > 127
    const maskAt = short === 126 ? 4 : 2
    const start = maskAt + (isMasked ? 4 : 0)
    if (bytes.length < start) return undefined
    const end = start + (short === 126 ? bytes.readUInt16BE(2) : short)
    if (bytes.length < end) return undefined
    const payload = Buffer.from(bytes.subarray(start, end))
    if (isMasked) applyMask(payload, bytes.subarray(maskAt, start))
    this.#bytes = bytes.subarray(end)
    return { kind: bytes.readUInt8(0) & 15, payload }
  }
}

function frameOf(kind: number, payload: Buffer, { isMasked }: { isMasked: boolean }): Buffer {
  const isLong = payload.length > 125
  const head = Buffer.alloc(isLong ? 4 : 2)
  head.writeUInt8(128 | kind, 0)
  head.writeUInt8((isMasked ? 128 : 0) | (isLong ? 126 : payload.length), 1)
  if (isLong) head.writeUInt16BE(payload.length, 2)
  if (!isMasked) return Buffer.concat([head, payload])
  const masked = Buffer.from(payload)
  applyMask(masked, MASK)
  return Buffer.concat([head, MASK, masked])
}

function applyMask(payload: Buffer, mask: Buffer): void {
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] as number) ^ (mask[i % 4] as number)
}
