import { connectionAt, isKeptAlive, joinTokens } from './connection-tokens.ts'
import { FieldKind } from './field-kinds.ts'
import { Fields } from './fields.ts'
import type { Framing } from './framing.ts'
import { CR, isAt, isValueCode, LF, SPACE } from './http-chars.ts'
import type { Refusal } from './refusal.ts'
import { refuse } from './refusal.ts'

/**
 * The head of a backend's response, read as strictly as a request's: a response whose end is in doubt would let one
 * client read another's. One object serves one connection; `parse` fills it anew.
 */
export class ResponseHead {
  readonly fields = new Fields()
  status = 0
  version = 11
  framing: Framing = 'none'
  contentLength = 0
  /** The backend keeps the connection open. */
  keepAlive = true
  /** Seconds that the backend promises to; undefined where it says nothing. */
  keepAliveSeconds: number | undefined = undefined
  connectionTokens = ''

  /** The status line ends with the status: not even the space is there that RFC 9112, section 4, wants behind it. */
  isBare = false

  /** The head as it came, one character a byte. */
  get text(): string {
    return this.fields.text
  }

  /**
   * `text` is a whole head and nothing after it, one character a byte; `method` is that of the request it answers.
   * Refusals are about the backend: 502.
   */
  parse(text: string, method: string): Refusal | undefined {
    const bytes = Buffer.from(text, 'latin1')
    const refusal = this.#parse(bytes, 0, { limit: bytes.length, text }) ?? this.#readFields(method)
    return refusal ?? (this.#endOf() === bytes.length ? undefined : refuse(502, 'a head in a head'))
  }

  /**
   * Reads the head that begins at `start` of `bytes` and ends within `mostBytes`. Gives where it ends; -1 where it does
   * not, or must be refused: collect it, and `parse` tells why.
   */
  read(bytes: Buffer, start: number, options: { mostBytes: number; method: string }): number {
    const limit = Math.min(bytes.length, start + options.mostBytes)
    const refusal = this.#parse(bytes, start, { limit }) ?? this.#readFields(options.method)
    return refusal === undefined ? this.#endOf() : -1
  }

  /** An interim response: another head follows (101 is no such one). */
  get isInterim(): boolean {
    return this.status < 200 && this.status !== 101
  }

  #endOf(): number {
    return this.fields.base + this.fields.end + 2
  }

  #parse(bytes: Buffer, start: number, given: { limit: number; text?: string }): Refusal | undefined {
    this.#clear()
    this.fields.load(bytes, start, given)
    return this.#parseLine(bytes, start, given.limit)
  }

  /** A message that is refused half-way must not show what the one before it held. */
  #clear(): void {
    this.status = 0
    this.version = 11
    this.framing = 'none'
    this.contentLength = 0
    this.keepAlive = false
    this.keepAliveSeconds = undefined
    this.connectionTokens = ''
    this.isBare = false
  }

  #parseLine(bytes: Buffer, start: number, limit: number): Refusal | undefined {
    // The shortest: `HTTP/1.1 200`, CR LF and the empty line.
    if (start + 16 > limit) return refuse(502, 'a malformed status line')
    const minor = bytes[start + 7] as number
    if (!isAt(bytes, start, 'HTTP/1.') || (minor !== ZERO && minor !== ONE) || bytes[start + 8] !== SPACE) {
      return refuse(502, 'a malformed status line')
    }
    this.version = minor === ONE ? 11 : 10
    const hundreds = (bytes[start + 9] as number) - ZERO
    const tens = (bytes[start + 10] as number) - ZERO
    const ones = (bytes[start + 11] as number) - ZERO
    const isStatus = hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9
    if (!isStatus) return refuse(502, 'a malformed status')
    this.status = hundreds * 100 + tens * 10 + ones
    let at = start + 12
    // The space before an empty reason is missing from many servers' lines, and from none of the ambiguous ones.
    this.isBare = bytes[at] === CR
    if (!this.isBare && bytes[at] !== SPACE) return refuse(502, 'a malformed status')
    while (at < limit && isValueCode(bytes[at] as number)) at++
    if (at + 1 >= limit || bytes[at] !== CR || bytes[at + 1] !== LF) return refuse(502, 'a malformed reason')
    const refusal = this.fields.parse(at + 2)
    return refusal === undefined ? undefined : refuse(502, refusal.reason)
  }

  #readFields(method: string): Refusal | undefined {
    const { fields } = this
    let lengths = 0
    let encodings = 0
    let hasTab = false
    for (let i = 0; i < fields.count; i++) {
      switch (fields.kindAt(i)) {
        case FieldKind.other:
          break
        case FieldKind.contentLength:
          lengths++
          hasTab ||= fields.hasTab(i)
          this.contentLength = fields.lengthAt(i)
          break
        case FieldKind.transferEncoding:
          encodings++
          hasTab ||= fields.hasTab(i)
          if (!fields.hasValue(i, 'chunked') && fields.value(i).toLowerCase() !== 'chunked')
            return refuse(502, 'a transfer encoding other than chunked')
          break
        case FieldKind.connection:
          this.connectionTokens = joinTokens(this.connectionTokens, connectionAt(fields, i))
          break
        case FieldKind.keepAlive:
          this.keepAliveSeconds = timeoutAt(fields, i)
          break
        default:
          break
      }
    }
    if (encodings > 0 && lengths > 0) return refuse(502, 'Content-Length and Transfer-Encoding together')
    if (encodings > 1 || lengths > 1) return refuse(502, 'a repeated framing field')
    if (encodings > 0 && this.version === 10) return refuse(502, 'Transfer-Encoding with HTTP/1.0')
    if (hasTab) return refuse(502, 'a tab in a framing field')
    if (Number.isNaN(this.contentLength)) return refuse(502, 'a malformed Content-Length')
    const isBodiless = this.status < 200 || this.status === 204
    if (isBodiless && (encodings > 0 || this.contentLength > 0)) {
      return refuse(502, 'a body on a status that has none')
    }
    this.framing = this.#framing(method, { isChunked: encodings > 0, hasLength: lengths > 0 })
    this.keepAlive = this.framing !== 'close' && isKeptAlive(this.version, this.connectionTokens)
    return undefined
  }

  /** RFC 9112, section 6.3. */
  #framing(method: string, { isChunked, hasLength }: { isChunked: boolean; hasLength: boolean }): Framing {
    const { status } = this
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
    if (isChunked) return 'chunked'
    if (hasLength) return this.contentLength > 0 ? 'length' : 'none'
    return 'close'
  }
}

/** `timeout=5, max=100` -> 5 */
function timeoutAt(fields: Fields, i: number): number | undefined {
  // What nearly all send, without the price of an expression for each response.
  const seconds = fields.isValueFrom(i, TIMEOUT) ? fields.lengthAt(i, TIMEOUT.length) : Number.NaN
  if (seconds < 1_000_000) return seconds
  const match = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/i.exec(fields.value(i))
  return match === null ? undefined : Number(match[1])
}

const ZERO = 48
const ONE = 49

const TIMEOUT = 'timeout='
