import { InvalidValueError, quote } from './invalid-value.ts'
import type { Stickiness } from './schema.ts'

/** RFC 9110, section 5.6.2: what field names, cookie names and protocol names are made of. */
const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/

/** @throws {InvalidValueError} */
export function parseToken(text: string): string {
  const trimmed = text.trim()
  if (TOKEN.test(trimmed)) return trimmed
  throw new InvalidValueError(`${quote(text)} holds more than letters, digits and !#$%&'*+.^_\`|~-`)
}

/**
 * Reads a list of protocols to upgrade to: `websocket`, `websocket,mqtt`, `none`. In small letters.
 *
 * @throws {InvalidValueError}
 */
export function parseTokens(text: string): readonly string[] {
  const names = text.split(',').map((name) => parseToken(name).toLowerCase())
  if (names.includes('h2c')) {
    throw new InvalidValueError(
      'h2c would let clients past everything here: HTTP/2 in clear text is not passed on',
    )
  }
  return names.filter((name) => name !== 'none')
}

/**
 * Reads our name in `Via` (RFC 9110, section 7.6.3): `edge-1`, `lb.example.org`, `lb.example.org:8080`.
 *
 * @throws {InvalidValueError}
 */
export function parsePseudonym(text: string): string {
  const trimmed = text.trim()
  if (TOKEN.test(trimmed.replace(/:\d{1,5}$/, ''))) return trimmed
  throw new InvalidValueError(`${quote(text)} cannot stand in Via: write a name such as edge-1`)
}

/** How stickiness is asked for; the cookie's name is another setting. */
export type StickyText = Exclude<Stickiness, { kind: 'cookie' }> | { readonly kind: 'cookie' }

/**
 * Reads `off`, `cookie` or `header:NAME`.
 *
 * @throws {InvalidValueError}
 */
export function parseSticky(text: string): StickyText {
  const trimmed = text.trim()
  const word = trimmed.toLowerCase()
  if (word === 'off' || word === 'cookie') return { kind: word }
  const header = /^header:(.+)$/i.exec(trimmed)
  if (header !== null) return { kind: 'header', name: parseToken(header[1] as string).toLowerCase() }
  throw new InvalidValueError(`must be off, cookie or header:NAME, not ${quote(text)}`)
}
