import { fieldKindAt } from './field-kinds.ts'
import type { FieldKind } from './field-kinds.ts'
import { COLON, CR, isAt, isBlank, isTokenCode, isValueCode, LF, TAB } from './http-chars.ts'
import { parseContentLength } from './framing.ts'
import type { Refusal } from './refusal.ts'
import { refuse } from './refusal.ts'
import { ValueScanner } from './value-scanner.ts'

/** More fields than this are an attack or a mistake; a field is never dropped, the message is refused. */
export const MOST_FIELDS = 100

/**
 * The field lines of a head: where each lies, counted from the head's first byte, and what it means to us. One object
 * serves one connection and is filled anew for each message, so that a message costs no allocation a field. Plain
 * arrays, because they are small where heads are small, and have no limit that a position could wrap around at. Where
 * in a line its name ends and its value lies is found when it is asked, which for most lines never happens.
 */
export class Fields {
  /** The bytes that the head lies in: whoever owns them may read into them again, so use a head up at once. */
  bytes: Buffer = NOTHING
  /** Where in `bytes` the head begins. */
  base = 0
  count = 0
  readonly kinds: FieldKind[] = []
  /** Where the line begins, which is where the name does; one more than fields: the empty line's. */
  readonly starts: number[] = []
  #limit = 0
  #text: string | undefined = ''

  /** Forgets the last message, so that what is refused before its fields shows none of another's. */
  load(bytes: Buffer, base: number, { limit, text }: { limit: number; text?: string | undefined }): void {
    this.bytes = bytes
    this.base = base
    this.count = 0
    this.starts[0] = 0
    this.#limit = limit
    this.#text = text
  }

  /**
   * Reads the lines from `offset` of the bytes up to and including the empty one that ends the head. Refuses whatever
   * is not exactly RFC 9112, section 5: no folding, no bare CR or LF, no space before the colon, no control character;
   * and a head that does not end before the limit.
   */
  parse(offset: number): Refusal | undefined {
    const { bytes, base, starts, kinds } = this
    const limit = this.#limit
    const isScanned = limit - offset >= LEAST_SCANNED_LENGTH && loadScanner(bytes, offset, limit)
    let at = offset
    for (let count = 0; ; count++) {
      const start = at
      starts[count] = start - base
      this.count = count
      while (at < limit && isTokenCode(bytes[at] as number)) at++
      if (at >= limit || bytes[at] !== COLON || at === start) return endOrRefusal(bytes, { start, at, limit })
      if (count === MOST_FIELDS) return refuse(431, `more than ${MOST_FIELDS} fields`)
      kinds[count] = fieldKindAt(bytes, start, at)
      at++
      if (isScanned) at = scanner.endOfValue(at)
      else while (at < limit && isValueCode(bytes[at] as number)) at++
      if (at + 1 >= limit || bytes[at] !== CR || bytes[at + 1] !== LF) {
        return refuse(400, 'a control character in a field value')
      }
      at += CR_LF_LENGTH
    }
  }

  kindAt(i: number): FieldKind {
    return this.kinds[i] as FieldKind
  }

  /** The head, one character a byte. */
  get text(): string {
    return (this.#text ??= this.bytes.toString('latin1', this.base, this.base + this.end + CR_LF_LENGTH))
  }

  name(i: number): string {
    return this.text.slice(this.starts[i], this.#colon(i) - this.base)
  }

  nameLength(i: number): number {
    return this.#colon(i) - this.base - this.lineStart(i)
  }

  value(i: number): string {
    return this.text.slice(this.#valueStart(i) - this.base, this.#valueEnd(i) - this.base)
  }

  /** Whether the value is `text`, to the letter; costs no string. */
  hasValue(i: number, text: string): boolean {
    const start = this.#valueStart(i)
    return isAt(this.bytes, start, text) && this.#valueEnd(i) === start + text.length
  }

  /** Whether the value begins with `text`. */
  isValueFrom(i: number, text: string): boolean {
    return isAt(this.bytes, this.#valueStart(i), text)
  }

  /** The value as a Content-Length, behind its first `skip` characters; NaN for anything but plain digits. */
  lengthAt(i: number, skip = 0): number {
    return parseContentLength(this.bytes, { start: this.#valueStart(i) + skip, end: this.#valueEnd(i) })
  }

  /** A tab stands in or around the value, where RFC 9110 allows one, but not every parser takes it for a space. */
  hasTab(i: number): boolean {
    const { bytes } = this
    const end = this.base + this.lineEnd(i)
    for (let at = this.#colon(i); at < end; at++) if (bytes[at] === TAB) return true
    return false
  }

  /** Where the line of field `i` begins. */
  lineStart(i: number): number {
    return this.starts[i] as number
  }

  /** Where the line after field `i` begins. */
  lineEnd(i: number): number {
    return this.starts[i + 1] as number
  }

  /** Where the empty line begins. */
  get end(): number {
    return this.starts[this.count] as number
  }

  /** These three are places in the bytes. */
  #colon(i: number): number {
    let at = this.base + this.lineStart(i)
    while (this.bytes[at] !== COLON) at++
    return at
  }

  #valueStart(i: number): number {
    let at = this.#colon(i) + 1
    while (isBlank(this.bytes[at] as number)) at++
    return at
  }

  #valueEnd(i: number): number {
    let at = this.base + this.lineEnd(i) - CR_LF_LENGTH
    // The colon stops it at the latest.
    while (isBlank(this.bytes[at - 1] as number)) at--
    return Math.max(at, this.#valueStart(i))
  }
}

/** No name and colon are at `start`: this is the empty line that ends the head, or none. */
function endOrRefusal(
  bytes: Buffer,
  { start, at, limit }: { start: number; at: number; limit: number },
): Refusal | undefined {
  const code = at < limit ? (bytes[at] as number) : 0
  if (at > start || code !== CR) return refuse(400, nameProblem(code, at === start))
  return start + 1 < limit && bytes[start + 1] === LF ? undefined : refuse(400, 'a bare CR in the head')
}

/** What comes with a head may be much longer than the head is. */
function loadScanner(bytes: Buffer, offset: number, limit: number): boolean {
  const end = bytes.indexOf(HEAD_END, offset, 'latin1')
  if (end === -1 || end > limit || end - offset < LEAST_SCANNED_LENGTH) return false
  scanner.load(bytes, offset, end)
  return true
}

const NOTHING = Buffer.alloc(0)
const HEAD_END = '\r\n\r\n'
const CR_LF_LENGTH = 2

/** A shorter head is read sooner than it is copied to the scanner. */
const LEAST_SCANNED_LENGTH = 512

/** One for all, because nothing stays in it: a head is parsed from its beginning to its end at once. */
const scanner = new ValueScanner()

function nameProblem(code: number, isFirst: boolean): string {
  if (!isFirst) return isBlank(code) ? 'a space before the colon' : 'no colon after a field name'
  if (isBlank(code)) return 'a folded field line'
  return code === COLON ? 'an empty field name' : 'no field name'
}
