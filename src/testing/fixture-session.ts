import type { Socket } from 'node:net'

/** How a client's side of a session ended, as far as Node can tell. */
export type FixtureEnd = 'open' | 'fin' | 'closed' | `error:${string}`

/** One connection that a fixture accepted, and what became of it. */
export class FixtureSession {
  /** Counts up from 1 within one fixture. */
  readonly id: number
  readonly socket: Socket
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

  constructor(id: number, socket: Socket) {
    this.id = id
    this.socket = socket
    this.remoteAddress = socket.remoteAddress ?? ''
    this.remotePort = socket.remotePort ?? 0
  }

  /** Bytes received from the client. */
  get bytesRead(): number {
    return this.socket.bytesRead
  }

  /** Bytes given to the socket; the last of them may not have left yet. */
  get bytesWritten(): number {
    return this.socket.bytesWritten
  }

  /**
   * `error:CODE` after an error, else `fin` once the client's FIN has come, else `closed` when the fixture itself
   * closed first, else `open`. Node 20 may take an RST for a FIN: where that matters, use a raw socket of another
   * language.
   */
  get end(): FixtureEnd {
    if (this.error !== undefined) return `error:${this.error}`
    if (this.fin) return 'fin'
    return this.closed ? 'closed' : 'open'
  }
}
