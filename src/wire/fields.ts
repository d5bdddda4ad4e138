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
 * The field lines of a head: where each name and value lies, counted from the head's first byte. One object serves one
 * connection and is filled anew for each message, so that a message costs no allocation a field. Plain arrays, because
 * they are small where heads are small, and have no limit that a position could wrap around at.
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
  readonly nameEnds: number[] = []
  readonly valueStarts: number[] = []
  readonly valueEnds: number[] = []
  #limit = 0
  #isLong = false
  #text: string | undefined = ''

  /** Forgets the last message, so that what is refused before its fields shows none of another's. */
  load(bytes: Buffer, base: number, limit: number): void {
    this.bytes = bytes
    this.base = base
    this.count = 0
    this.starts[0] = 0
    this.#limit = limit
    this.#text = undefined
  }

  /**
   * Reads the lines from `offset` of the bytes up to and including the empty one that ends the head. Refuses whatever
   * is not exactly RFC 9112, section 5: no folding, no bare CR or LF, no space before the colon, no control character;
   * and a head that does not end before the limit.
   */
  parse(offset: number): Refusal | undefined {
    const { bytes, base } = this
    const limit = this.#limit
    this.#isLong = false
    if (limit - offset >= LEAST_SCANNED_LENGTH) this.#scan(bytes, offset, limit)
    let at = offset
    for (;;) {
      this.starts[this.count] = at - base
      if (at < limit && bytes[at] === CR) {
        const isEnd = at + 1 < limit && bytes[at + 1] === LF
        return isEnd ? undefined : refuse(400, 'a bare CR in the head')
      }
      if (this.count === MOST_FIELDS) return refuse(431, `more than ${MOST_FIELDS} fields`)
      const next = this.#parseLine(bytes, at, limit)
      if (typeof next !== 'number') return next
      at = next
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
    return this.text.slice(this.starts[i], this.nameEnds[i])
  }

  value(i: number): string {
    return this.text.slice(this.valueStarts[i], this.valueEnds[i])
  }

  /** Whether the value is `text`, to the letter; costs no string. */
  hasValue(i: number, text: string): boolean {
    const start = this.valueStarts[i] as number
    if ((this.valueEnds[i] as number) - start !== text.length) return false
    return isAt(this.bytes, this.base + start, text)
  }

  /** Whether the value begins with `text`. */
  isValueFrom(i: number, text: string): boolean {
    return isAt(this.bytes, this.base + (this.valueStarts[i] as number), text)
  }

  /** The value as a Content-Length, behind its first `skip` characters; NaN for anything but plain digits. */
  lengthAt(i: number, skip = 0): number {
    const { bytes, base } = this
    return parseContentLength(bytes, {
      start: base + (this.valueStarts[i] as number) + skip,
      end: base + (this.valueEnds[i] as number),
    })
  }

  /** A tab stands in or around the value, where RFC 9110 allows one, but not every parser takes it for a space. */
  hasTab(i: number): boolean {
    const { bytes } = this
    const end = this.base + (this.starts[i + 1] as number)
    for (let at = this.base + (this.nameEnds[i] as number); at < end; at++) if (bytes[at] === TAB) return true
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

  /** What comes with the head may be much longer than that. */
  #scan(bytes: Buffer, offset: number, limit: number): void {
    const end = bytes.indexOf(HEAD_END, offset, 'latin1')
    if (end === -1 || end > limit || end - offset < LEAST_SCANNED_LENGTH) return
    scanner.load(bytes, offset, end)
    this.#isLong = true
  }

  #parseLine(bytes: Buffer, start: number, limit: number): number | Refusal {
    let at = start
    while (at < limit && isTokenCode(bytes[at] as number)) at++
    const nameEnd = at
    const colon = at < limit ? (bytes[at] as number) : 0
    if (colon !== COLON || at === start) return refuse(400, nameProblem(colon, at === start))
    do at++
    while (at < limit && isBlank(bytes[at] as number))
    const valueStart = at
    if (this.#isLong) at = scanner.endOfValue(at)
    else while (at < limit && isValueCode(bytes[at] as number)) at++
    if (at + 1 >= limit || bytes[at] !== CR || bytes[at + 1] !== LF)
      return refuse(400, 'a control character in a field value')
    let valueEnd = at
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1] as number)) valueEnd--
    const { count, base } = this
    this.kinds[count] = fieldKindAt(bytes, start, nameEnd)
    this.nameEnds[count] = nameEnd - base
    this.valueStarts[count] = valueStart - base
    this.valueEnds[count] = valueEnd - base
    this.count = count + 1
    return at + CR_LF_LENGTH
  }
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
