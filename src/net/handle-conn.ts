import { getSystemErrorName } from 'node:util'
import { KEEP_ALIVE_SECONDS } from './conn.ts'
import {
  giveBuffer,
  grownBuffer,
  isSmallRead,
  shrunkBuffer,
  SMALL_READS_TO_SHRINK,
  takeBuffer,
} from './buffers.ts'
import { hidesResets, requireBindings } from './handle-bindings.ts'
import type { Handle, PeerName, Request } from './handle-bindings.ts'
import { HandleWriter } from './handle-writer.ts'
import { readPeerName } from './peer-name.ts'
import { turnEnd } from './turn-end.ts'

/** libuv's UV_EOF, the same number on every platform. */
const UV_EOF = -4095

const EMPTY = Buffer.alloc(0)

const { streamState, kReadBytesOrError, ShutdownWrap } = requireBindings()

/** The handle points back at its conn; its callbacks are three functions for all conns, never closures. */
interface ConnHandle extends Handle {
  conn: HandleConn
}

interface ShutdownRequest extends Request {
  conn: HandleConn
}

/**
 * A {@link Conn} over Node's own stream handle, without `net.Socket`: reading into a buffer of ours and writing
 * costs two system calls and two calls into JavaScript a chunk, and nothing is allocated.
 *
 * The handles are Node's internals, and `handle-bindings.ts` is the only file that reaches for them. They earn it:
 * a connection costs less than half of what it costs through `net.Socket`, a request two thirds (`npm run bench`,
 * rows `fairlead` and `fairlead (sockets)`). Where they are missing, `socket-conn.ts` does the same.
 *
 * Importing this module throws where the bindings are missing: ask `hasBindings` first.
 */
export class HandleConn extends HandleWriter {
  declare readonly handle: ConnHandle
  #buffer: Buffer = takeBuffer()
  /** The view that the last chunk was given as; equal lengths, common in requests, use it again. */
  #view: Buffer = EMPTY
  #paused = true
  /** Paused by the sink, which may have given the last chunk to a write that is still on its way. */
  #isLent = false
  #smallReads = 0
  #shutdown = false
  #isShuttingDown = false
  #resetPending = false
  /** `turnEnd.reads` as it was when bytes last came. */
  #lastDataAt = -1
  #endSuspected = false
  #endAwaitsWrite = false
  #finAwaitsWrite = false
  #peerName: Required<PeerName> | undefined = undefined
  /** Unix sockets know no reset; writing after the far side's close fails there although the end was clean. */
  readonly #canReset: boolean

  constructor(handle: Handle) {
    super(handle)
    this.#canReset = handle.reset !== undefined
    this.handle.conn = this
    this.handle.onread = onRead
    this.handle.useUserBuffer(this.#buffer)
  }

  start(): void {
    this.resume()
  }

  get remoteAddress(): string {
    return this.#peer.address
  }

  get remotePort(): number {
    return this.#peer.port
  }

  get isPeerLost(): boolean {
    return this.#canReset && this.#peer.address === ''
  }

  /** Asked for once, and only if somebody wants to know: it costs a system call. */
  get #peer(): Required<PeerName> {
    this.#peerName ??= readPeerName(this.handle)
    return this.#peerName
  }

  pause(): void {
    if (this.#paused || this.closed) return
    this.#paused = true
    this.#isLent = true
    this.handle.readStop()
  }

  resume(): void {
    if (!this.#paused || this.closed || this.ended) return
    this.#paused = false
    this.#isLent = false
    this.handle.readStart()
  }

  end(): void {
    if (this.#shutdown || this.closed) return
    this.#shutdown = true
    this.flushSoon()
    // A shutdown queued behind a write could not be taken back by a reset, which would then wait for a far side that
    // perhaps never reads.
    if (this.writesOnWay === 0) this.#sendFin()
    else this.#finAwaitsWrite = true
  }

  close(): void {
    if (this.closed) return
    this.flushSoon()
    this.#release()
    this.handle.close()
  }

  reset(): void {
    if (this.closed) return
    this.#release()
    if (this.#isShuttingDown) {
      // A reset amid a shutdown is refused (EINVAL) and would end as a clean end: it waits for the shutdown.
      this.#resetPending = true
      return
    }
    resetHandle(this.handle)
  }

  keepAlive(): void {
    if (!this.closed) this.handle.setKeepAlive?.(true, KEEP_ALIVE_SECONDS)
  }

  trim(): void {
    if (this.closed || this.ended || this.#paused) return
    const shrunk = shrunkBuffer(this.#buffer)
    if (shrunk === this.#buffer) return
    this.#changeBuffer(shrunk)
    this.handle.useUserBuffer(shrunk)
  }

  /** Called by the handle: `length` bytes lie in the buffer. Returns the next buffer where it changes. */
  received(length: number): Buffer | undefined {
    const buffer = this.#buffer
    this.bytesRead += length
    this.#lastDataAt = turnEnd.reads
    if (length === buffer.length) {
      this.#smallReads = 0
      this.sink.onData(this, buffer)
      // Paused: the chunk may still be on its way, and the buffer is ours alone until it is not.
      if (this.#paused || this.closed) return undefined
      return this.#changeBuffer(grownBuffer(buffer, this.bytesRead))
    }
    if (length !== this.#view.length) this.#view = buffer.subarray(0, length)
    this.sink.onData(this, this.#view)
    if (!isSmallRead(length)) {
      this.#smallReads = 0
    } else if (++this.#smallReads >= SMALL_READS_TO_SHRINK && !this.#paused && !this.closed) {
      this.#smallReads = 0
      return this.#changeBuffer(shrunkBuffer(buffer))
    }
    return undefined
  }

  /** Called by the handle: reading came to an end, clean or not. */
  readEnded(status: number): void {
    this.#paused = true
    if (status !== UV_EOF) return this.#broken(getSystemErrorName(status))
    if (!hidesResets || !this.#canReset || this.#endSuspected) return this.#ended()
    // Older libuv reports an end where a reset lies behind data that was not read yet, but only right behind that
    // data, in one go: if anything was read on any conn in between, it is a FIN.
    if (this.#lastDataAt !== turnEnd.reads - 1) return this.#ended()
    if (this.#shutdown) {
      // A write tells nothing after our FIN. Reading on does: it gives the end again, or the error.
      this.#endSuspected = true
      return this.resume()
    }
    // The write on its way fails if it was a reset.
    if (this.writesOnWay > 0) {
      this.#endAwaitsWrite = true
      return
    }
    // Writing nothing gives ECONNRESET or EPIPE after a reset, and no error after a FIN.
    const writeStatus = this.tryToWrite()
    if (writeStatus !== 0) return this.#broken(getSystemErrorName(writeStatus))
    this.#ended()
  }

  protected onWritten(): void {
    if (this.#finAwaitsWrite && this.failure === undefined) this.#sendFin()
    this.sink.onDrain(this)
    if (!this.#endAwaitsWrite || this.closed) return
    this.#endAwaitsWrite = false
    if (this.failure === undefined) this.readEnded(UV_EOF)
    else this.#broken(this.failure)
  }

  /** Called by the request: the FIN is on its way. */
  shutDown(): void {
    this.#isShuttingDown = false
    if (this.#resetPending) resetHandle(this.handle)
  }

  #sendFin(): void {
    this.#finAwaitsWrite = false
    const request = new ShutdownWrap() as ShutdownRequest
    request.conn = this
    request.oncomplete = onShutdown
    this.#isShuttingDown = this.handle.shutdown(request) === 0
  }

  #ended(): void {
    this.ended = true
    this.sink.onEnd(this)
  }

  #broken(code: string): void {
    this.failure ??= code
    this.sink.onBroken(this)
  }

  #release(): void {
    this.closed = true
    if (!this.#paused) this.handle.readStop()
    this.#paused = true
    // A buffer that may be on its way still is left to the garbage collector: the system may yet read from it.
    if (this.writesOnWay === 0 && !this.#isLent) giveBuffer(this.#buffer)
  }

  #changeBuffer(buffer: Buffer): Buffer | undefined {
    if (buffer === this.#buffer) return undefined
    this.#buffer = buffer
    this.#view = EMPTY
    return buffer
  }
}

function onRead(this: Handle): Buffer | undefined {
  const { conn } = this as ConnHandle
  const length = streamState[kReadBytesOrError] as number
  turnEnd.reads++
  if (length > 0) return conn.received(length)
  if (length < 0) conn.readEnded(length)
  return undefined
}

function onShutdown(this: Request): void {
  ;(this as ShutdownRequest).conn.shutDown()
}

function resetHandle(handle: Handle): void {
  // A unix socket has no reset; and where it is refused, a closed socket is better than a leaked one.
  if (handle.reset === undefined || handle.reset() !== 0) handle.close()
}
