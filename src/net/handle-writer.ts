import { getSystemErrorName } from 'node:util'
import { Conn } from './conn.ts'
import { requireBindings } from './handle-bindings.ts'
import type { Handle, Request } from './handle-bindings.ts'
import { turnEnd } from './turn-end.ts'

const EMPTY = Buffer.alloc(0)

const { streamState, kLastWriteWasAsync, WriteWrap } = requireBindings()

/** The request points back at its conn; its callback is one function for all conns, never a closure. */
interface WriteRequest extends Request {
  conn: HandleWriter
  /** Held here so that it outlives the system's pointer to it. */
  chunk: Buffer | readonly Buffer[]
}

/**
 * A request object is only used by the system where a write does not finish at once, which is rare: so one spare
 * serves all conns until it is used.
 */
let spareRequest = new WriteWrap() as WriteRequest

/** The half of a `HandleConn` that writes. */
export abstract class HandleWriter extends Conn {
  readonly handle: Handle
  /** Writes that did not finish at once. */
  protected writesOnWay = 0
  /** What goes out at the end of the turn; it counts as written. */
  #soon = ''

  constructor(handle: Handle) {
    super()
    this.handle = handle
  }

  get isWriting(): boolean {
    return this.writesOnWay > 0 || this.#soon !== ''
  }

  write(chunk: Buffer): boolean {
    this.flushSoon()
    return this.#wrote(this.handle.writeBuffer(spareRequest, chunk), chunk.length, chunk)
  }

  writeAll(chunks: readonly Buffer[]): boolean {
    this.flushSoon()
    let length = 0
    for (const chunk of chunks) length += chunk.length
    // `true`: they are all buffers, and no encodings stand between them.
    return this.#wrote(this.handle.writev(spareRequest, chunks, true), length, chunks)
  }

  writeText(text: string): boolean {
    this.flushSoon()
    return this.#wrote(this.handle.writeLatin1String(spareRequest, text), text.length, EMPTY)
  }

  override writeTextSoon(text: string): boolean {
    // Behind a write that the far side does not take, it waits like any other, and its sender with it.
    if (this.writesOnWay > 0 || this.failure !== undefined) return this.writeText(text)
    const isFirst = this.#soon === ''
    this.#soon += text
    this.bytesWritten += text.length
    if (isFirst) turnEnd.await(this)
    return true
  }

  /** What waited for the end of the turn goes out, unless it has by now. */
  onTurnEnd(): void {
    if (this.#soon === '' || this.closed || this.failure !== undefined) return
    this.flushSoon()
    // Not at once: somebody else's write may have brought this on, who is amid something.
    if (this.failure !== undefined) process.nextTick(tellOfFailure, this)
  }

  /** Called by the request: a write that did not finish at once has finished, or has failed. */
  written(status: number): void {
    this.writesOnWay--
    if (this.closed) return
    if (status < 0) this.failure ??= getSystemErrorName(status)
    if (this.writesOnWay === 0) this.onWritten()
  }

  /** All that was on its way is written, or has failed. */
  protected abstract onWritten(): void

  /** Writes at once what would go out at the end of the turn: something must come behind it. */
  protected flushSoon(): void {
    const text = this.#soon
    if (text === '') return
    this.#soon = ''
    this.#wrote(this.handle.writeLatin1String(spareRequest, text), 0, EMPTY)
  }

  /** Zero bytes are written all the same: the status tells whether anything could be. */
  protected tryToWrite(): number {
    return this.handle.writeBuffer(spareRequest, EMPTY)
  }

  #wrote(status: number, length: number, chunk: Buffer | readonly Buffer[]): boolean {
    if (status !== 0) {
      this.failure ??= getSystemErrorName(status)
      return false
    }
    this.bytesWritten += length
    if (streamState[kLastWriteWasAsync] === 0) return true
    const request = spareRequest
    spareRequest = new WriteWrap() as WriteRequest
    request.conn = this
    request.chunk = chunk
    request.oncomplete = onComplete
    this.writesOnWay++
    return false
  }
}

function tellOfFailure(conn: HandleWriter): void {
  if (!conn.closed) conn.sink.onDrain(conn)
}

function onComplete(this: Request, status: number): void {
  ;(this as WriteRequest).conn.written(status)
}
