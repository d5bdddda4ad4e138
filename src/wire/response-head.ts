import { isKeptAlive, joinTokens } from './connection-tokens.ts'
import { FieldKind } from './field-kinds.ts'
import { Fields } from './fields.ts'
import { parseContentLength } from './framing.ts'
import type { Framing } from './framing.ts'
import { CR, isValueCode, LF, SPACE } from './http-chars.ts'
import type { Refusal } from './refusal.ts'
import { refuse } from './refusal.ts'

/**
 * The head of a backend's response, read as strictly as a request's: a response whose end is in doubt would let one
 * client read another's. One object serves one connection; `parse` fills it anew.
 */
export class ResponseHead {
  readonly fields = new Fields()
  text = ''
  status = 0
  version = 11
  framing: Framing = 'none'
  contentLength = 0
  /** The backend keeps the connection open. */
  keepAlive = true
  /** Seconds that the backend promises to; undefined where it says nothing. */
  keepAliveSeconds: number | undefined = undefined
  connectionTokens = ''

  /** `text` is a whole head; `method` is that of the request it answers. Refusals are about the backend: 502. */
  parse(text: string, method: string): Refusal | undefined {
    this.#clear(text)
    return this.#parseLine(text) ?? this.#readFields(method)
  }

  /** An interim response: another head follows (101 is no such one). */
  get isInterim(): boolean {
    return this.status < 200 && this.status !== 101
  }

  /** A message that is refused half-way must not show what the one before it held. */
  #clear(text: string): void {
    this.fields.clear()
    this.text = text
    this.status = 0
    this.version = 11
    this.framing = 'none'
    this.contentLength = 0
    this.keepAlive = false
    this.keepAliveSeconds = undefined
    this.connectionTokens = ''
  }

  #parseLine(text: string): Refusal | undefined {
    const version = text.startsWith('HTTP/1.1') ? 11 : text.startsWith('HTTP/1.0') ? 10 : 0
    if (version === 0 || text.charCodeAt(8) !== SPACE) return refuse(502, 'a malformed status line')
    this.version = version
    const hundreds = text.charCodeAt(9) - 48
    const tens = text.charCodeAt(10) - 48
    const ones = text.charCodeAt(11) - 48
    const isStatus = hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9
    if (!isStatus) return refuse(502, 'a malformed status')
    this.status = hundreds * 100 + tens * 10 + ones
    let at = 12
    // The space before an empty reason is missing from many servers' lines, and from none of the ambiguous ones.
    if (text.charCodeAt(at) === SPACE) at++
    else if (text.charCodeAt(at) !== CR) return refuse(502, 'a malformed status')
    while (isValueCode(text.charCodeAt(at))) at++
    if (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF) return refuse(502, 'a malformed reason')
    const refusal = this.fields.parse(text, at + 2)
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
          this.contentLength = parseContentLength(fields.value(i))
          break
        case FieldKind.transferEncoding:
          encodings++
          hasTab ||= fields.hasTab(i)
          if (fields.value(i).toLowerCase() !== 'chunked')
            return refuse(502, 'a transfer encoding other than chunked')
          break
        case FieldKind.connection:
          this.connectionTokens = joinTokens(this.connectionTokens, fields.value(i))
          break
        case FieldKind.keepAlive:
          this.keepAliveSeconds = timeoutOf(fields.value(i))
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
function timeoutOf(value: string): number | undefined {
  // What nearly all send, without the price of an expression for each response.
  const seconds = value.startsWith(TIMEOUT) ? parseContentLength(value.slice(TIMEOUT.length)) : Number.NaN
  if (seconds < 1_000_000) return seconds
  const match = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/i.exec(value)
  return match === null ? undefined : Number(match[1])
}

const TIMEOUT = 'timeout='
