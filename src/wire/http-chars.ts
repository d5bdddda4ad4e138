/** Character classes of HTTP, one byte a character code. */

export const CR = 13
export const LF = 10
export const SPACE = 32
export const TAB = 9
export const COLON = 58

const HASH = 35
const HYPHEN = 45
const DELETE = 127

/** RFC 9110, section 5.6.2: what methods and field names are made of, beside letters and digits. */
const TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~"

const folded = foldTokens()

/**
 * A byte of a method or a field name: a letter in small, a digit as it is, and `-` for all others, as programs read
 * them that make variables out of field names. 0 for what is no such byte.
 */
export function foldToken(code: number): number {
  return folded[code] ?? 0
}

/** A byte of a method or a field name. */
export function isTokenCode(code: number): boolean {
  return foldToken(code) !== 0
}

/** A byte that may stand in a field's value: visible, space, tab, or above 127 (RFC 9110, section 5.5). */
export function isValueCode(code: number): boolean {
  // Compared, not looked up: most bytes of a head come here. NaN, beyond a text's end, is none.
  return code >= SPACE ? code !== DELETE && code <= 255 : code === TAB
}

/** A byte that may stand in a request target: visible but `#`. Above 127 only escapes may (RFC 3986, section 2). */
export function isTargetCode(code: number): boolean {
  return code > SPACE && code < DELETE && code !== HASH
}

/** A space or a tab, which is all that RFC 9110 allows around values (JavaScript's `trim` knows many more). */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

/** `text` without the spaces and tabs around it. */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Whether the bytes at `start` are those of `text`. */
export function isAt(bytes: Buffer, start: number, text: string): boolean {
  if (start + text.length > bytes.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}

function foldTokens(): Uint8Array {
  const table = new Uint8Array(256)
  for (const character of TOKEN_PUNCTUATION) table[character.charCodeAt(0)] = HYPHEN
  for (const character of '0123456789abcdefghijklmnopqrstuvwxyz') {
    table[character.charCodeAt(0)] = character.charCodeAt(0)
    table[character.toUpperCase().charCodeAt(0)] = character.charCodeAt(0)
  }
  return table
}
