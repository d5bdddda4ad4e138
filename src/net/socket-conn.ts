import type { Socket } from 'node:net'
import { Conn, KEEP_ALIVE_SECONDS } from './conn.ts'
import { hidesResets } from './handle-bindings.ts'
import { turnEnd } from './turn-end.ts'

const EMPTY = Buffer.alloc(0)

/**
 * A {@link Conn} over a `net.Socket`, by public API alone: for TLS, and wherever Node's handles are missing. Each
 * chunk comes in memory of its own, so a write that returned false still owns its bytes.
 *
 * Owns the socket from here on. It must be made with `allowHalfOpen`.
 */
export class SocketConn extends Conn {
  readonly socket: Socket
  /** TLS and unix sockets know no reset. */
  readonly #isTcp: boolean
  #shutdown = false
  #endSuspected = false
  #resetPending = false

  constructor(socket: Socket, options: { isTcp: boolean }) {
    super()
    this.socket = socket
    this.#isTcp = options.isTcp
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error))
    socket.on('end', () => this.#onEnd())
    socket.on('drain', () => this.#onDrain())
    socket.on('close', () => this.#onClose())
  }

  get remoteAddress(): string {
    return (this.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  }

  get remotePort(): number {
    return this.socket.remotePort ?? 0
  }

  get isPeerLost(): boolean {
    return this.#isTcp && this.remoteAddress === ''
  }

  get isWriting(): boolean {
    return this.socket.writableLength > 0
  }

  start(): void {
    if (this.socket.listenerCount('data') > 0) return this.resume()
    this.socket.on('data', (chunk: Buffer) => {
      if (this.closed) return
      this.bytesRead += chunk.length
      turnEnd.reads++
      this.sink.onData(this, chunk)
    })
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    if (!this.closed) this.socket.resume()
  }

  write(chunk: Buffer): boolean {
    if (this.failure !== undefined || this.socket.destroyed) {
      this.failure ??= 'EPIPE'
      return false
    }
    this.bytesWritten += chunk.length
    // Below its high-water mark a socket says "taken" of what it merely keeps; to our callers that means that the
    // chunk's memory may be used again, so what it keeps is a copy.
    const isKept = this.socket.writableLength + chunk.length < this.socket.writableHighWaterMark
    return this.socket.write(isKept ? Buffer.from(chunk) : chunk)
  }

  writeAll(chunks: readonly Buffer[]): boolean {
    this.socket.cork()
    let isTaken = true
    for (const chunk of chunks) isTaken = this.write(chunk)
    this.socket.uncork()
    return isTaken
  }

  writeText(text: string): boolean {
    return this.write(Buffer.from(text, 'latin1'))
  }

  end(): void {
    if (this.#shutdown || this.closed) return
    this.#shutdown = true
    this.socket.end()
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    // destroySoon sends what is left and our FIN; what else comes in has nobody to read it.
    if (this.ended && this.failure === undefined) this.socket.destroySoon()
    else this.socket.destroy()
  }

  reset(): void {
    if (this.closed) return
    this.closed = true
    if (!this.#isTcp) this.socket.destroy()
    // A reset amid a pending end is refused, gives no close event, and would look clean: it waits for the end.
    // (What waits behind writes has not begun, and never will.)
    else if (this.#shutdown && !this.socket.writableFinished && this.socket.writableLength === 0)
      this.#resetPending = true
    else this.socket.resetAndDestroy()
    if (this.#resetPending) this.socket.once('finish', () => this.socket.resetAndDestroy())
  }

  keepAlive(): void {
    this.socket.setKeepAlive(true, KEEP_ALIVE_SECONDS * 1000)
  }

  trim(): void {
    // Its buffers are Node's, and are taken and given back chunk by chunk.
  }

  #onError(error: NodeJS.ErrnoException): void {
    this.failure ??= error.code ?? 'EIO'
    // Node destroys the socket now; 'close' reports it.
  }

  #onClose(): void {
    if (this.closed || this.ended) {
      if (!this.closed && this.failure !== undefined) this.sink.onDrain(this)
      return
    }
    this.failure ??= 'ECONNRESET'
    this.sink.onBroken(this)
  }

  #onDrain(): void {
    if (!this.closed) this.sink.onDrain(this)
  }

  #onEnd(): void {
    if (this.closed || this.#endSuspected) return
    if (!hidesResets || !this.#isTcp || this.#shutdown) return this.#reportEnd()
    // Writing nothing fails after a reset that libuv reported as an end, and succeeds after a FIN.
    this.#endSuspected = true
    this.socket.write(EMPTY, (error) => {
      if (error === undefined || error === null) this.#reportEnd()
    })
  }

  #reportEnd(): void {
    if (this.closed || this.failure !== undefined) return
    this.ended = true
    this.sink.onEnd(this)
  }
}
