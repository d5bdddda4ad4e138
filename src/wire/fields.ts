import { fieldKindAt, hashName } from './field-kinds.ts'
import type { FieldKind } from './field-kinds.ts'
import { COLON, CR, foldToken, isBlank, isValueCode, LF } from './http-chars.ts'
import type { Refusal } from './refusal.ts'
import { refuse } from './refusal.ts'
import { ValueScanner } from './value-scanner.ts'

/** More fields than this are an attack or a mistake; a field is never dropped, the message is refused. */
export const MOST_FIELDS = 100

/**
 * The field lines of a head: where each name and value lies in the head's text. One object serves one connection and
 * is filled anew for each message, so that a message costs no allocation a field. Plain arrays, because they are
 * small where heads are small, and have no limit that a position could wrap around at.
 */
export class Fields {
  text = ''
  count = 0
  readonly kinds: FieldKind[] = []
  /** Where the line begins, which is where the name does; one more than fields: the empty line's. */
  readonly starts: number[] = []
  readonly nameEnds: number[] = []
  readonly valueStarts: number[] = []
  readonly valueEnds: number[] = []
  #isLong = false

  /**
   * Reads the lines from `offset` up to and including the empty one that ends the head, which must be the end of
   * `text`. Refuses whatever is not exactly RFC 9112, section 5: no folding, no bare CR or LF, no space before the
   * colon, no control character.
   */
  parse(text: string, offset: number): Refusal | undefined {
    this.text = text
    this.count = 0
    this.#isLong = text.length >= LEAST_SCANNED_LENGTH
    if (this.#isLong) scanner.load(text)
    let at = offset
    for (;;) {
      this.starts[this.count] = at
      if (text.charCodeAt(at) === CR) {
        const isEnd = text.charCodeAt(at + 1) === LF && at + 2 === text.length
        return isEnd ? undefined : refuse(400, 'a bare CR in the head')
      }
      if (this.count === MOST_FIELDS) return refuse(431, `more than ${MOST_FIELDS} fields`)
      const next = this.#parseLine(text, at)
      if (typeof next !== 'number') return next
      at = next
    }
  }

  /** Forgets the last message, so that what is refused before its fields shows none of another's. */
  clear(): void {
    this.text = ''
    this.count = 0
    this.starts[0] = 0
  }

  kindAt(i: number): FieldKind {
    return this.kinds[i] as FieldKind
  }

  name(i: number): string {
    return this.text.slice(this.starts[i], this.nameEnds[i])
  }

  value(i: number): string {
    return this.text.slice(this.valueStarts[i], this.valueEnds[i])
  }

  /** A tab stands in or around the value, where RFC 9110 allows one, but not every parser takes it for a space. */
  hasTab(i: number): boolean {
    return this.text.slice(this.nameEnds[i], this.starts[i + 1]).includes('\t')
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

  #parseLine(text: string, start: number): number | Refusal {
    let at = start
    let code = text.charCodeAt(at)
    let hash = 0
    for (let folded = foldToken(code); folded !== 0; folded = foldToken(code)) {
      hash = hashName(hash, folded)
      code = text.charCodeAt(++at)
    }
    if (code !== COLON || at === start) return refuse(400, nameProblem(code, at === start))
    const nameEnd = at
    do code = text.charCodeAt(++at)
    while (isBlank(code))
    const valueStart = at
    if (this.#isLong) at = scanner.endOfValue(at)
    else while (isValueCode(text.charCodeAt(at))) at++
    if (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF)
      return refuse(400, 'a control character in a field value')
    let valueEnd = at
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--
    const { count } = this
    this.kinds[count] = fieldKindAt(text, { start, hash, length: nameEnd - start })
    this.nameEnds[count] = nameEnd
    this.valueStarts[count] = valueStart
    this.valueEnds[count] = valueEnd
    this.count = count + 1
    return at + 2
  }
}

/** A shorter head is read sooner than it is copied to the scanner. */
const LEAST_SCANNED_LENGTH = 256

/** One for all, because nothing stays in it: a head is parsed from its beginning to its end at once. */
const scanner = new ValueScanner()

function nameProblem(code: number, isFirst: boolean): string {
  if (!isFirst) return isBlank(code) ? 'a space before the colon' : 'no colon after a field name'
  if (isBlank(code)) return 'a folded field line'
  return code === COLON ? 'an empty field name' : 'no field name'
}
