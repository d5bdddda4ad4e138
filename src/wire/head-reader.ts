import { CR, LF } from './http-chars.ts'

/** Heads longer than this are refused: no field is ever dropped. */
export const MOST_HEAD_BYTES = 16 * 1024

const END = '\r\n\r\n'

/** What is first set aside for a head that comes in pieces. */
const LEAST_HELD_BYTES = 512

/** A whole head, one character a byte, and where it ended in the chunk; or why there will be none. */
export type HeadRead = { readonly text: string; readonly end: number } | 'too-long' | 'bare-lf'

/**
 * Collects the bytes of a head, in whatever pieces they come, until its empty line. A head that lies whole in one chunk
 * needs none of it, but where it is refused: this tells why it must be.
 */
export class HeadReader {
  /** Of a head; may change between two. */
  mostBytes: number
  #buffer: Buffer | undefined = undefined
  #length = 0

  constructor(mostBytes = MOST_HEAD_BYTES) {
    this.mostBytes = mostBytes
  }

  /** Some bytes of a head have come, and not all of it. */
  get isStarted(): boolean {
    return this.#buffer !== undefined
  }

  /** The bytes held so far, for whoever must look into an unfinished head; only until the next call. */
  get held(): Buffer | undefined {
    return this.#buffer?.subarray(0, this.#length)
  }

  /**
   * Reads on from `offset` of `chunk`. Returns the whole head, one character a byte, and where it ended in `chunk`;
   * undefined while more must come; `'too-long'` beyond the limit; `'bare-lf'` for a line that does not end in CR LF
   * (a head of such lines would never come to its end). After a result, the next call begins a new head.
   */
  read(chunk: Buffer, offset: number): HeadRead | undefined {
    if (this.#buffer !== undefined) return this.#readOn(this.#buffer, chunk, offset)
    return this.#readNew(chunk, offset)
  }

  clear(): void {
    this.#buffer = undefined
    this.#length = 0
  }

  #readNew(chunk: Buffer, offset: number): HeadRead | undefined {
    const limit = Math.min(chunk.length, offset + this.mostBytes)
    const at = chunk.indexOf(END, offset, 'latin1')
    const end = at + END.length
    if (at !== -1 && end <= limit) return { text: chunk.toString('latin1', offset, end), end }
    if (hasBareLf(chunk, { start: offset, from: offset, to: limit })) return 'bare-lf'
    if (chunk.length > limit) return 'too-long'
    // A copy: the chunk's memory is read into again.
    if (offset < limit) this.#hold(chunk, { from: offset, to: limit })
    return undefined
  }

  #readOn(buffer: Buffer, chunk: Buffer, offset: number): HeadRead | undefined {
    const held = this.#length
    // No more than what could still belong to the head is looked at or copied.
    const limit = Math.min(chunk.length, offset + this.mostBytes - held)
    const all = this.#hold(chunk, { from: offset, to: limit }, buffer)
    const at = all.indexOf(END, Math.max(0, held - END.length + 1), 'latin1')
    const result = at === -1 ? this.#judge(all, held, chunk.length > limit) : textUntil(all, at + END.length)
    if (result === undefined) return undefined
    this.clear()
    return typeof result === 'string' ? result : { text: result.text, end: offset + result.end - held }
  }

  #judge(all: Buffer, from: number, isMore: boolean): 'bare-lf' | 'too-long' | undefined {
    if (hasBareLf(all, { start: 0, from, to: all.length })) return 'bare-lf'
    return isMore ? 'too-long' : undefined
  }

  /** Adds bytes to those held, in memory that doubles, so that a head sent byte by byte costs no square. */
  #hold(chunk: Buffer, { from, to }: { from: number; to: number }, buffer?: Buffer): Buffer {
    const length = this.#length + to - from
    let into = buffer
    if (into === undefined || into.length < length) {
      into = Buffer.allocUnsafeSlow(Math.max(LEAST_HELD_BYTES, 2 * length))
      buffer?.copy(into, 0, 0, this.#length)
    }
    chunk.copy(into, this.#length, from, to)
    this.#buffer = into
    this.#length = length
    return into.subarray(0, length)
  }
}

function textUntil(bytes: Buffer, end: number): { text: string; end: number } {
  return { text: bytes.toString('latin1', 0, end), end }
}

/** Looks at `from` to `to` of a head that begins at `start`. */
function hasBareLf(bytes: Buffer, { start, from, to }: { start: number; from: number; to: number }): boolean {
  for (let at = bytes.indexOf(LF, from); at !== -1 && at < to; at = bytes.indexOf(LF, at + 1)) {
    if (at === start || bytes[at - 1] !== CR) return true
  }
  return false
}
