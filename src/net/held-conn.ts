import { requireBindings } from './handle-bindings.ts'
import type { Handle, Request } from './handle-bindings.ts'

const { streamState, kReadBytesOrError, kArrayBufferOffset, WriteWrap } = requireBindings()

/** Who holds connections. Called for one that was neither closed nor let go. */
export interface Holder {
  /** More of `conn.text` is there; `before`: its length until now. */
  onText(conn: HeldConn, before: number): void
  /** It broke, or the far side has ended; it is closed. */
  onGone(conn: HeldConn): void
}

interface HeldHandle extends Handle {
  held: HeldConn | undefined
}

/**
 * A connection of which nothing is wanted yet but what it says: a handle and a text, where a `net.Socket` is several
 * kilobytes in a dozen objects. See `handle-conn.ts` for what handles are.
 *
 * Importing this module throws where the bindings are missing: ask `hasBindings` first.
 */
export class HeldConn {
  /** All that came, one character a byte. */
  text = ''
  readonly #handle: HeldHandle
  readonly #holder: Holder

  constructor(handle: Handle, holder: Holder) {
    this.#handle = handle as HeldHandle
    this.#holder = holder
    this.#handle.held = this
    handle.onread = onRead
    handle.readStart()
  }

  close(): void {
    this.letGo().close()
  }

  /** Last words, as far as the system takes them at once. */
  closeWith(text: string): void {
    const handle = this.letGo()
    const request: Request = new WriteWrap()
    request.oncomplete = noOp
    handle.writeLatin1String(request, text)
    handle.close()
  }

  /** Is not held any longer, and reads nothing. */
  letGo(): Handle {
    this.#handle.held = undefined
    this.#handle.readStop()
    return this.#handle
  }

  /** Called by the handle. */
  received(bytes: Buffer): void {
    const before = this.text.length
    this.text += bytes.toString('latin1')
    this.#holder.onText(this, before)
  }

  /** Called by the handle. */
  ended(): void {
    this.close()
    this.#holder.onGone(this)
  }
}

function onRead(this: Handle, read?: ArrayBuffer): undefined {
  const { held } = this as HeldHandle
  const length = streamState[kReadBytesOrError] as number
  if (held === undefined || length === 0) return
  if (length < 0 || read === undefined) held.ended()
  else held.received(Buffer.from(read, streamState[kArrayBufferOffset], length))
}

function noOp(): void {
  // The connection is closed by then, whatever became of it.
}
