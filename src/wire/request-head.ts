import { connectionAt, isKeptAlive, joinTokens } from './connection-tokens.ts'
import { FieldKind } from './field-kinds.ts'
import { Fields } from './fields.ts'
import { checkTransferEncoding } from './framing.ts'
import type { Framing } from './framing.ts'
import { isHost, isSameHost } from './host.ts'
import { CR, isAt, isTargetCode, isTokenCode, LF, SPACE } from './http-chars.ts'
import type { Refusal } from './refusal.ts'
import { refuse } from './refusal.ts'

/** Longer methods are no methods. */
const MOST_METHOD_LENGTH = 32

/**
 * The head of a request, read strictly (RFC 9112): what is ambiguous is refused, never repaired. One object serves
 * one connection; `parse` fills it anew.
 */
export class RequestHead {
  readonly fields = new Fields()
  method = ''
  /** In origin form (`/path?query`), or `*`: an absolute form has been cut to it. */
  target = ''
  /** 10 or 11; 0 where it could not be read. */
  version = 0
  /** The Host field's value, or of an absolute target's; `''` where HTTP/1.0 sent neither. */
  host = ''
  framing: Framing = 'none'
  /** With framing `length`. */
  contentLength = 0
  /** The client keeps the connection open for another request. */
  keepAlive = true
  /** The Connection field's tokens in small letters, between commas: `,close,x-foo,`; `''` without the field. */
  connectionTokens = ''
  /**
   * The Upgrade field's value, where Connection names it too. Not from HTTP/1.0 (RFC 9110, section 7.8), and not with
   * a body: two could disagree on where the new protocol's bytes begin.
   */
  upgrade = ''
  expectsContinue = false
  hasRequestId = false
  /** The last Host that was found well-formed: most requests name the same. */
  #goodHost: string | undefined = undefined

  /** The head as it came, the empty line included, one character a byte. */
  get text(): string {
    return this.fields.text
  }

  /** `text` is a whole head and nothing after it, one character a byte. */
  parse(text: string): Refusal | undefined {
    const bytes = Buffer.from(text, 'latin1')
    const refusal = this.#parse(bytes, 0, { limit: bytes.length, text })
    return refusal ?? (this.#endOf() === bytes.length ? undefined : refuse(400, 'a head in a head'))
  }

  /**
   * Reads the head that begins at `start` of `bytes` and ends before `limit`. Gives where it ends; -1 where it does not,
   * or must be refused: collect it, and `parse` tells why.
   */
  read(bytes: Buffer, start: number, limit: number): number {
    return this.#parse(bytes, start, { limit }) === undefined ? this.#endOf() : -1
  }

  #endOf(): number {
    return this.fields.base + this.fields.end + 2
  }

  #parse(bytes: Buffer, start: number, given: { limit: number; text?: string }): Refusal | undefined {
    this.#clear()
    this.fields.load(bytes, start, given)
    return this.#parseLine(bytes, start, given.limit) ?? this.#readFields() ?? this.#checkTarget()
  }

  /** A message that is refused half-way must not show what the one before it held. */
  #clear(): void {
    this.method = ''
    this.target = ''
    this.version = 0
    this.host = ''
    this.framing = 'none'
    this.contentLength = 0
    this.keepAlive = false
    this.connectionTokens = ''
    this.upgrade = ''
    this.expectsContinue = false
    this.hasRequestId = false
  }

  #parseLine(bytes: Buffer, start: number, limit: number): Refusal | undefined {
    let at = start
    while (at < limit && isTokenCode(bytes[at] as number)) at++
    if (at === start || at >= limit || bytes[at] !== SPACE) return refuse(400, 'no method')
    if (at - start > MOST_METHOD_LENGTH) return refuse(501, 'a method that is too long')
    this.method = methodAt(bytes, start, at)
    const targetStart = ++at
    while (at < limit && isTargetCode(bytes[at] as number)) at++
    if (at === targetStart || at >= limit || bytes[at] !== SPACE) {
      return refuse(400, 'a malformed request target')
    }
    const refusal =
      this.#parseVersion(bytes, at + 1, limit) ?? checkMethod(this.method) ?? this.fields.parse(at + 11)
    // A slice of a text that is there anyway costs next to nothing.
    if (refusal === undefined) this.target = this.text.slice(targetStart - start, at - start)
    else if (refusal !== NO_VERSION) this.target = bytes.toString('latin1', targetStart, at)
    return refusal
  }

  #parseVersion(bytes: Buffer, at: number, limit: number): Refusal | undefined {
    const isVersion =
      at + 10 <= limit &&
      isAt(bytes, at, 'HTTP/') &&
      isDigit(bytes[at + 5] as number) &&
      bytes[at + 6] === DOT &&
      isDigit(bytes[at + 7] as number) &&
      bytes[at + 8] === CR &&
      bytes[at + 9] === LF
    if (!isVersion) return NO_VERSION
    if (bytes[at + 5] !== ONE || (bytes[at + 7] as number) > ONE) {
      return refuse(505, 'an HTTP version other than 1.0 and 1.1')
    }
    this.version = bytes[at + 7] === ONE ? 11 : 10
    return undefined
  }

  #readFields(): Refusal | undefined {
    const { fields } = this
    let hosts = 0
    let lengths = 0
    let encodings = 0
    let encoding = ''
    let hasTab = false
    let upgrade = ''
    let hasUnknownExpectation = false
    for (let i = 0; i < fields.count; i++) {
      switch (fields.kindAt(i)) {
        case FieldKind.other:
          break
        case FieldKind.host:
          hosts++
          this.host = fields.value(i)
          break
        case FieldKind.contentLength:
          lengths++
          hasTab ||= fields.hasTab(i)
          this.contentLength = fields.lengthAt(i)
          break
        case FieldKind.transferEncoding:
          encodings++
          hasTab ||= fields.hasTab(i)
          encoding = fields.value(i)
          break
        case FieldKind.connection:
          hasTab ||= fields.hasTab(i)
          this.connectionTokens = joinTokens(this.connectionTokens, connectionAt(fields, i))
          break
        case FieldKind.upgrade:
          upgrade = upgrade === '' ? fields.value(i) : `${upgrade}, ${fields.value(i)}`
          break
        case FieldKind.expect:
          if (fields.value(i).toLowerCase() === '100-continue') this.expectsContinue = this.version === 11
          else hasUnknownExpectation = true
          break
        case FieldKind.requestId:
          this.hasRequestId = true
          break
        default:
          break
      }
    }
    if (encodings > 0 && lengths > 0) return refuse(400, 'Content-Length and Transfer-Encoding together')
    if (encodings > 1 || lengths > 1) return refuse(400, 'a repeated framing field')
    if (encodings > 0 && this.version === 10) return refuse(400, 'Transfer-Encoding with HTTP/1.0')
    if (hasTab) return refuse(400, 'a tab in a framing field')
    if (Number.isNaN(this.contentLength)) return refuse(400, 'a malformed Content-Length')
    const refusal = encodings > 0 ? checkTransferEncoding(encoding) : undefined
    if (refusal !== undefined) return refusal
    if (hosts > 1) return refuse(400, 'more than one Host')
    if (hosts === 0 && this.version === 11) return refuse(400, 'no Host')
    if (hosts > 0 && this.host !== this.#goodHost) {
      if (!isHost(this.host)) return refuse(400, 'a malformed Host')
      this.#goodHost = this.host
    }
    if (hasUnknownExpectation) return refuse(417, 'an unknown expectation')
    this.framing = encodings > 0 ? 'chunked' : this.contentLength > 0 ? 'length' : 'none'
    this.keepAlive = isKeptAlive(this.version, this.connectionTokens)
    const mayUpgrade = upgrade !== '' && this.version === 11 && this.framing === 'none'
    if (mayUpgrade && this.connectionTokens.includes(',upgrade,')) this.upgrade = upgrade
    return undefined
  }

  #checkTarget(): Refusal | undefined {
    const { target } = this
    if (target.charCodeAt(0) === SLASH) return undefined
    if (target === '*') return this.method === 'OPTIONS' ? undefined : refuse(400, 'target * without OPTIONS')
    const absolute = /^(https?):\/\/([^/?]+)(.*)$/i.exec(target)
    if (absolute === null) return refuse(400, 'a target in neither origin nor absolute form')
    const [, scheme = '', authority = '', rest = ''] = absolute
    if (!isHost(authority)) return refuse(400, 'a malformed host in the target')
    const defaultPort = scheme.toLowerCase() === 'https' ? '443' : '80'
    if (this.host === '') this.host = authority
    if (!isSameHost(authority, this.host, defaultPort)) {
      return refuse(400, 'a Host other than the target names')
    }
    // RFC 9112, section 3.2.4: OPTIONS for a whole server.
    if (rest === '' && this.method === 'OPTIONS') this.target = '*'
    else this.target = rest.startsWith('/') ? rest : `/${rest}`
    return undefined
  }
}

/** Those that nearly all use are constants: no string is made, and they are quick to compare and to look up. */
function methodAt(bytes: Buffer, start: number, end: number): string {
  const length = end - start
  for (let i = 0; i < USUAL_METHODS.length; i++) {
    const method = USUAL_METHODS[i] as string
    if (method.length === length && isAt(bytes, start, method)) return method
  }
  return bytes.toString('latin1', start, end)
}

/** What stands where a version should may belong to the target as well: then neither is known. */
const NO_VERSION = refuse(400, 'no HTTP version')

const USUAL_METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH']

/**
 * Methods are told apart by case (RFC 9110, section 9.1), but not by every backend: one that takes `head` for HEAD
 * answers without the body that we would wait for, and that the next client's answer would be taken for.
 */
function checkMethod(method: string): Refusal | undefined {
  switch (method) {
    case 'GET':
    case 'POST':
    case 'HEAD':
      return undefined
    case 'CONNECT':
      return refuse(501, 'CONNECT')
    case 'TRACE':
      return refuse(405, 'TRACE')
    default:
      return AMBIGUOUS_METHOD.test(method) ? refuse(400, 'a method in small letters') : undefined
  }
}

const AMBIGUOUS_METHOD = /^(?:head|connect|trace)$/i

const SLASH = 47
const DOT = 46
const ONE = 49

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
