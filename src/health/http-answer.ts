import type { HttpCheckConfig } from '../config/schema.ts'
import type { ProbeResult } from '../core/probe.ts'
import { ChunkedScanner } from '../wire/chunked.ts'
import { HeadReader, MOST_HEAD_BYTES } from '../wire/head-reader.ts'
import { ResponseHead } from '../wire/response-head.ts'
import { BodySearch } from './body-search.ts'

/**
 * Reads the answer to a check's GET, in whatever pieces it comes, as strictly as the answers to clients are read: a
 * backend whose answers traffic could not use fails its checks, too. Touches no socket.
 */
export class HttpAnswer {
  readonly #check: HttpCheckConfig
  readonly #reader = new HeadReader()
  readonly #head = new ResponseHead()
  readonly #chunks = new ChunkedScanner()
  readonly #search: BodySearch
  #isInBody = false
  /** Bytes still to come of a body whose length was told. */
  #left = 0

  constructor(check: HttpCheckConfig) {
    this.#check = check
    this.#search = new BodySearch(check.bodyContains)
  }

  /** Takes what came; gives the result as soon as it is certain. Not to be called after that. */
  read(bytes: Buffer): ProbeResult | undefined {
    return this.#isInBody ? this.#readBody(bytes, 0) : this.#readHeads(bytes)
  }

  /** The backend has ended the connection in order, and there was no result yet. */
  end(): ProbeResult {
    if (this.#isInBody) {
      return this.#head.framing === 'close' ? this.#judge() : this.#fault('the response broke off')
    }
    const where = this.#reader.isStarted ? 'within the head of the response' : 'without a response'
    return fault(`closed ${where}`)
  }

  #readHeads(bytes: Buffer): ProbeResult | undefined {
    let at = 0
    while (at < bytes.length) {
      // A head's end may never come from what speaks no HTTP, such as a mail server that greets.
      if (!this.#isHttp(bytes, at)) return fault('the response is no HTTP/1')
      const read = this.#reader.read(bytes, at)
      if (read === undefined) return undefined
      if (read === 'bare-lf') return fault('the response has a line in its head that does not end in CR LF')
      if (read === 'too-long') return fault(`the response has a head of more than ${MOST_HEAD_BYTES} bytes`)
      const refusal = this.#head.parse(read.text, 'GET')
      if (refusal !== undefined) return fault(`the response has ${refusal.reason}`)
      at = read.end
      if (!this.#head.isInterim) return this.#begin(bytes, at)
    }
    return undefined
  }

  #isHttp(bytes: Buffer, at: number): boolean {
    const held = this.#reader.held?.toString('latin1', 0, START.length) ?? ''
    const start = held + bytes.toString('latin1', at, at + START.length - held.length)
    return START.startsWith(start)
  }

  #begin(bytes: Buffer, at: number): ProbeResult | undefined {
    const { status, contentLength } = this.#head
    // We asked for no upgrade, and there is no response behind it.
    if (status === 101) return fault('closed without a response')
    if (!this.#check.expect.some(({ from, to }) => status >= from && status <= to)) {
      return { ok: false, code: 'L7STS', text: this.#statusText }
    }
    this.#isInBody = true
    this.#left = contentLength
    return this.#readBody(bytes, at)
  }

  #readBody(bytes: Buffer, at: number): ProbeResult | undefined {
    switch (this.#head.framing) {
      case 'none':
        return this.#judge()
      case 'length':
        return this.#readLength(bytes.subarray(at, at + this.#left))
      case 'chunked':
        return this.#readChunks(bytes, at)
      default:
        this.#search.read(bytes.subarray(at))
        return this.#search.isOver ? this.#judge() : undefined
    }
  }

  #readLength(part: Buffer): ProbeResult | undefined {
    this.#search.read(part)
    this.#left -= part.length
    return this.#search.isOver || this.#left === 0 ? this.#judge() : undefined
  }

  #readChunks(bytes: Buffer, at: number): ProbeResult | undefined {
    this.#chunks.scan(bytes, at, (start, end) => this.#search.read(bytes.subarray(start, end)))
    // First, so that what lies behind the bytes that count never matters, however they were split.
    if (this.#search.isOver || this.#chunks.isDone) return this.#judge()
    return this.#chunks.isBroken ? this.#fault('the response has a malformed chunk') : undefined
  }

  #judge(): ProbeResult {
    if (!this.#search.isSatisfied) return this.#fault('its body lacks the expected text')
    return { ok: true, code: 'L7OK', text: this.#statusText }
  }

  #fault(problem: string): ProbeResult {
    return fault(`${this.#statusText}, but ${problem}`)
  }

  /** `200 OK`, as it came. */
  get #statusText(): string {
    const { text } = this.#head
    return text.slice('HTTP/1.1 '.length, text.indexOf('\r\n')).trimEnd()
  }
}

function fault(text: string): ProbeResult {
  return { ok: false, code: 'L7RSP', text }
}

const START = 'HTTP/1.'
