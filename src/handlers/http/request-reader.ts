import { ChunkedScanner } from '../../wire/chunked.ts'
import type { Framing } from '../../wire/framing.ts'
import { HeadReader } from '../../wire/head-reader.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import { MOST_LINE_BYTES } from '../../wire/request-line-so-far.ts'
import type { ErrorAnswer } from './error-response.ts'

export interface RequestLimits {
  readonly maxHeadBytes: number
  /** 0 = unlimited. */
  readonly maxBodyBytes: number
}

/**
 * Finds where a client's requests begin and end, in whatever pieces its bytes come. Says what is to be answered where
 * they cannot be taken; nothing is read after that.
 */
export class RequestReader {
  /** Why what came is refused. */
  refusal: ErrorAnswer | undefined = undefined
  /** It was refused for what its head says, which has been read as far as it goes. */
  isHeadRefused = false
  /** The head under way has been read to its end by the last call. */
  isHeadDone = false
  /** The body of the last head has been read to its end. */
  isBodyDone = true
  readonly #source: { readonly config: RequestLimits }
  /** Those of the request under way. */
  #limits: RequestLimits
  readonly #reader: HeadReader
  /** The beginning of a head that was refused before its end. */
  #refusedBytes: Buffer | undefined = undefined
  #isAfterCr = false
  #framing: Framing = 'none'
  #bodyLeft = 0
  #bodyBytes = 0
  #scanner: ChunkedScanner | undefined = undefined

  /** Each request goes by what `source` says when it begins. */
  constructor(source: { readonly config: RequestLimits }) {
    this.#source = source
    this.#limits = source.config
    this.#reader = new HeadReader(this.#limits.maxHeadBytes)
  }

  /** A part of a head has come, and not all of it. */
  get isAmidHead(): boolean {
    return this.#reader.isStarted
  }

  /** The beginning of a head that has no end; undefined where there is none. */
  get unfinishedHead(): Buffer | undefined {
    return this.#refusedBytes ?? this.#reader.held
  }

  /** Reads on in a head, into `head` once it is whole. Returns where it stopped. */
  readHead(chunk: Buffer, offset: number, head: RequestHead): number {
    this.isHeadDone = false
    let at = offset
    if (!this.#reader.isStarted) this.#learnLimits()
    if (!this.#reader.isStarted && (this.#isAfterCr || chunk[at] === CR)) {
      at = this.#skipEmptyLines(chunk, at)
      if (at === chunk.length) return at
    }
    let end = this.#reader.isStarted
      ? -1
      : head.read(chunk, at, Math.min(chunk.length, at + this.#limits.maxHeadBytes))
    if (end === -1) end = this.#collectHead(chunk, at, head)
    if (end === -1) return chunk.length
    const { maxBodyBytes } = this.#limits
    if (maxBodyBytes > 0 && head.contentLength > maxBodyBytes) {
      this.isHeadRefused = true
      return this.#refuse(chunk, BODY_TOO_LONG)
    }
    this.#framing = head.framing
    this.#bodyLeft = head.contentLength
    this.#bodyBytes = 0
    this.isHeadRefused = false
    this.isHeadDone = true
    this.isBodyDone = head.framing === 'none'
    if (head.framing === 'chunked') (this.#scanner ??= new ChunkedScanner()).reset()
    return end
  }

  #learnLimits(): void {
    this.#limits = this.#source.config
    this.#reader.mostBytes = this.#limits.maxHeadBytes
  }

  /** The way of a head that comes in pieces, or is to be refused. -1: there is none to go on with. */
  #collectHead(chunk: Buffer, at: number, head: RequestHead): number {
    const held = this.#reader.held
    const read = this.#reader.read(chunk, at)
    if (read === undefined) return -1
    if (read === 'bare-lf' || read === 'too-long') {
      const rest = chunk.subarray(at, at + MOST_LINE_BYTES)
      this.#refusedBytes = held === undefined ? Buffer.from(rest) : Buffer.concat([held, rest])
      this.#refuse(chunk, read === 'bare-lf' ? BARE_LF : this.#tooLong(held, chunk, at))
      return -1
    }
    const refusal = head.parse(read.text)
    if (refusal === undefined) return read.end
    this.isHeadRefused = true
    this.#refuse(chunk, { status: refusal.status, reason: sentence(refusal.reason) })
    return -1
  }

  /** Reads on in a body. Returns where it ended, or where the chunk did. */
  readBody(chunk: Buffer, offset: number): number {
    const end = this.#bodyEnd(chunk, offset)
    this.#bodyBytes += end - offset
    if (this.refusal !== undefined) return chunk.length
    const { maxBodyBytes } = this.#limits
    if (maxBodyBytes > 0 && this.#bodyBytes > maxBodyBytes) return this.#refuse(chunk, BODY_TOO_LONG)
    return end
  }

  #bodyEnd(chunk: Buffer, offset: number): number {
    if (this.#framing === 'chunked') {
      const scanner = this.#scanner as ChunkedScanner
      const end = scanner.scan(chunk, offset)
      this.isBodyDone = scanner.isDone
      return scanner.isBroken ? this.#refuse(chunk, BAD_CHUNK) : end
    }
    const end = Math.min(chunk.length, offset + this.#bodyLeft)
    this.#bodyLeft -= end - offset
    this.isBodyDone = this.#bodyLeft === 0
    return end
  }

  /** RFC 9112, section 2.2: an empty line before a request is some old client's habit. */
  #skipEmptyLines(chunk: Buffer, offset: number): number {
    let at = offset
    while (at < chunk.length && (this.#isAfterCr || chunk[at] === CR)) {
      if (this.#isAfterCr && chunk[at] !== LF) return this.#refuse(chunk, BARE_CR)
      this.#isAfterCr = !this.#isAfterCr
      at++
    }
    return at
  }

  /** The request line alone was too long, or all of the head. */
  #tooLong(held: Buffer | undefined, chunk: Buffer, offset: number): ErrorAnswer {
    const room = this.#limits.maxHeadBytes - (held?.length ?? 0)
    const hasLine = held?.includes(CR) === true || chunk.subarray(offset, offset + room).includes(CR)
    return hasLine ? HEAD_TOO_LONG : TARGET_TOO_LONG
  }

  #refuse(chunk: Buffer, answer: ErrorAnswer): number {
    this.refusal = answer
    this.#reader.clear()
    return chunk.length
  }
}

const CR = 13
const LF = 10

const BARE_LF: ErrorAnswer = { status: 400, reason: 'A line does not end in CR LF' }
const BARE_CR: ErrorAnswer = { status: 400, reason: 'A bare CR before the request' }
const BAD_CHUNK: ErrorAnswer = { status: 400, reason: 'A malformed chunk' }
const TARGET_TOO_LONG: ErrorAnswer = { status: 414, reason: 'The request line is too long' }
const HEAD_TOO_LONG: ErrorAnswer = { status: 431, reason: 'The head of the request is too long' }
const BODY_TOO_LONG: ErrorAnswer = { status: 413, reason: 'The body of the request is too long' }

/** `no Host` -> `No Host` */
function sentence(reason: string): string {
  return reason.charAt(0).toUpperCase() + reason.slice(1)
}
