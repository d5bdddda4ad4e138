import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { connectTo } from '../helpers/sockets.ts'

export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly version: '1.0' | '1.1'
  readonly keepAlive: boolean
  readonly framing: 'none' | 'length' | 'chunked'
  readonly body: Buffer
  /** Where the request is cut into writes of their own. */
  readonly cut: (length: number) => number[]
}

export interface HttpAnswer {
  readonly status: number
  /** By name in small letters. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: Buffer
  /** The connection is there for another request. */
  readonly isOpen: boolean
}

/** An HTTP client of a few lines, that shares none with the balancer; connects whenever it has to. */
export class RawHttpClient implements AsyncDisposable {
  readonly #port: number
  #socket: Socket | undefined = undefined
  #chunks: Buffer[] = []
  #length = 0
  #ended: string | undefined = undefined
  #wake: () => void = () => undefined

  constructor(port: number) {
    this.#port = port
  }

  async ask(request: RawRequest): Promise<HttpAnswer> {
    const socket = this.#socket ?? (await this.#connect())
    void this.#say(socket, request)
    const answer = await this.#hear(request)
    if (!answer.isOpen) {
      await this.#wait(() => this.#ended, 'the end of the connection')
      if (this.#ended !== 'end') throw new Error(`${request.target}: the connection ended in ${this.#ended}`)
      this.#socket = undefined
      socket.destroy()
    }
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy()
  }

  async #connect(): Promise<Socket> {
    const socket = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: this.#port })
    this.#socket = socket
    this.#chunks = []
    this.#length = 0
    this.#ended = undefined
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#length += chunk.length
      this.#wake()
    })
    socket.on('end', () => this.#endedIn('end'))
    socket.on('error', (error) => this.#endedIn(error.message))
    return socket
  }

  #endedIn(how: string): void {
    this.#ended ??= how
    this.#wake()
  }

  async #say(socket: Socket, { framing, body, cut, ...request }: RawRequest): Promise<void> {
    const framingLine = { none: '', length: `Content-Length: ${body.length}\r\n`, chunked: CHUNKED }[framing]
    const connection = request.keepAlive ? 'keep-alive' : 'close'
    const head =
      `${request.method} ${request.target} HTTP/${request.version}\r\nHost: a.example\r\n` +
      `Connection: ${connection}\r\n${framingLine}\r\n`
    const sent = { none: Buffer.alloc(0), length: body, chunked: chunkedBody(body) }[framing]
    const all = Buffer.concat([Buffer.from(head, 'latin1'), sent])
    let at = 0
    for (const next of [...cut(all.length), all.length]) {
      socket.write(all.subarray(at, next))
      at = next
      if (at < all.length) await setImmediate()
    }
  }

  async #hear({ method, target }: RawRequest): Promise<HttpAnswer> {
    const at = await this.#wait(() => this.#all().indexOf('\r\n\r\n') + 1, `a head for ${target}`)
    const end = at - 1 + 4
    const [line = '', ...lines] = this.#all().toString('latin1', 0, end).split('\r\n')
    const fields = new Map(
      lines
        .filter((text) => text !== '')
        .map((text) => {
          const [name = '', value = ''] = text.split(': ', 2)
          return [name.toLowerCase(), value]
        }),
    )
    const body = method === 'HEAD' ? Buffer.alloc(0) : await this.#body(end, fields)
    if (method === 'HEAD') this.#drop(end)
    if (this.#length > 0) throw new Error(`${target}: ${this.#length} bytes too many`)
    const isOpen = fields.get('connection') !== 'close'
    return { status: Number(line.split(' ', 2)[1]), fields, body, isOpen }
  }

  async #body(start: number, fields: ReadonlyMap<string, string>): Promise<Buffer> {
    const length = fields.get('content-length')
    if (length !== undefined) {
      const end = start + Number(length)
      await this.#wait(() => this.#length >= end, `${length} bytes`)
      const body = this.#all().subarray(start, end)
      this.#drop(end)
      return body
    }
    if (fields.get('transfer-encoding') === 'chunked') {
      const read = await this.#wait(
        () => (this.#endsInLastChunk() ? dechunked(this.#all(), start) : undefined),
        'the last chunk',
      )
      this.#drop(read.end)
      return read.body
    }
    await this.#wait(() => this.#ended, 'the end of the connection')
    const body = this.#all().subarray(start)
    this.#drop(this.#length)
    return body
  }

  /** It may: data can look like that, too. To look for chunks each time that something comes would take long. */
  #endsInLastChunk(): boolean {
    const tail = Buffer.concat(this.#chunks.slice(-LAST_CHUNK.length))
    return tail.subarray(-LAST_CHUNK.length).toString('latin1') === LAST_CHUNK
  }

  #all(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  #drop(bytes: number): void {
    this.#chunks = [this.#all().subarray(bytes)]
    this.#length -= bytes
  }

  /** Looks whenever something came: a poll would sleep through most of a test with thousands of requests. */
  async #wait<T>(look: () => T, what: string): Promise<NonNullable<T>> {
    for (;;) {
      const found = look()
      if (found) return found
      if (this.#ended !== undefined) throw new Error(`${what} never came; ${this.#length} bytes did`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

const LAST_CHUNK = '0\r\n\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

/** In chunks of uneven sizes, and with a trailer. */
function chunkedBody(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0, size = 1; at < body.length; at += size, size = size * 3 + 7) {
    const part = body.subarray(at, at + size)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\nX-Trailer: 1\r\n\r\n')])
}

/** The data of a chunked body without trailers that begins at `start`, once it is whole. */
function dechunked(bytes: Buffer, start: number): { body: Buffer; end: number } | undefined {
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    const data = line + 2
    at = data + size + 2
    if (at > bytes.length) return undefined
    if (size === 0) return { body: Buffer.concat(parts), end: at }
    parts.push(bytes.subarray(data, data + size))
  }
}
