import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How a client's side of a session ended, as far as Node can tell. */
export type FixtureEnd = 'open' | 'fin' | 'closed' | `error:${string}`

/** What a client said in a TLS handshake that is done. */
export interface FixtureTls {
  /** SNI; undefined where none came. */
  readonly servername: string | undefined
  /** What was agreed on; undefined where nothing was. */
  readonly alpnProtocol: string | undefined
  /** `TLSv1.3`, ... */
  readonly protocol: string | undefined
}

/** What is kept of the bytes that a client sends. */
const RECEIVED_KEPT = 65_536

/** One connection that a fixture accepted, and what became of it. */
export class FixtureSession {
  /** Counts up from 1 within one fixture. */
  readonly id: number
  readonly socket: Socket
  /** What to read and to write: the socket, or the TLS above it. */
  stream: Duplex
  /** Set once a TLS handshake is done. */
  tls: FixtureTls | undefined = undefined
  /** `''` on unix sockets. */
  readonly remoteAddress: string
  /** 0 on unix sockets. */
  readonly remotePort: number
  /** The client's FIN has come. */
  fin = false
  /** The code of the socket's first error: `ECONNRESET`, `EPIPE`, ... */
  error: string | undefined = undefined
  /** Both ways are closed. */
  closed = false
  /** SHA-256, in hex, of all bytes received; set by a fixture that hashes, once the client has ended. */
  sha256: string | undefined = undefined
  readonly #received: Buffer[] = []
  #receivedBytes = 0

  constructor(id: number, socket: Socket) {
    this.id = id
    this.socket = socket
    this.stream = socket
    this.remoteAddress = socket.remoteAddress ?? ''
    this.remotePort = socket.remotePort ?? 0
    this.record(socket)
  }

  /** Bytes received from the client; with TLS, as they are on the wire. */
  get bytesRead(): number {
    return this.socket.bytesRead
  }

  /** Bytes given to the socket; the last of them may not have left yet. */
  get bytesWritten(): number {
    return this.socket.bytesWritten
  }

  /**
   * The first 64 KiB that came from the client; with TLS, in the clear. Always empty at an HTTP backend, whose parser
   * takes the bytes below the socket: it has `requests`.
   */
  get received(): Buffer {
    return Buffer.concat(this.#received)
  }

  /**
   * `error:CODE` after an error, else `fin` once the client's FIN has come, else `closed` when the fixture itself
   * closed first, else `open`. Node 20 and 22 may take an RST for a FIN: where that matters, use a raw socket of another
   * language.
   */
  get end(): FixtureEnd {
    if (this.error !== undefined) return `error:${this.error}`
    if (this.fin) return 'fin'
    return this.closed ? 'closed' : 'open'
  }

  /** Ends it with an RST; on a unix socket, which has none, with a close. */
  reset(): void {
    if (this.remotePort === 0) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  /** Records from now on what `stream` receives instead of what was recorded so far. */
  record(stream: Duplex): void {
    this.stream = stream
    this.#received.length = 0
    this.#receivedBytes = 0
    // A listener would make it flow. `push` is what every Readable is filled by.
    const push = stream.push.bind(stream)
    stream.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
      if (chunk !== null && this.stream === stream) this.#keep(chunk)
      return push(chunk, encoding)
    }
  }

  #keep(chunk: Buffer): void {
    const room = RECEIVED_KEPT - this.#receivedBytes
    if (room <= 0) return
    const kept = chunk.subarray(0, room)
    this.#received.push(kept)
    this.#receivedBytes += kept.length
  }
}
