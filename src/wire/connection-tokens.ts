import type { Fields } from './fields.ts'
import { trimBlanks } from './http-chars.ts'

/** Adds the tokens of one more Connection field, in small letters, each between two commas: `,close,x-foo,`. */
export function joinTokens(known: string, value: string): string {
  // As nearly all write them.
  if (known === '' && value === 'keep-alive') return ',keep-alive,'
  if (known === '' && value === 'close') return ',close,'
  const simple = value.toLowerCase()
  if (!simple.includes(',')) return known === '' ? `,${simple},` : `${known}${simple},`
  const tokens = simple.split(',').map((token) => trimBlanks(token))
  return `${known === '' ? ',' : known}${tokens.join(',')},`
}

/** The value of field `i`, which for nearly all is one of two constants: no string is made then. */
export function connectionAt(fields: Fields, i: number): string {
  if (fields.hasValue(i, 'keep-alive')) return 'keep-alive'
  if (fields.hasValue(i, 'close')) return 'close'
  return fields.value(i)
}

/** Whether the connection outlives the message (RFC 9112, section 9.3). */
export function isKeptAlive(version: number, tokens: string): boolean {
  if (tokens === '') return version === 11
  if (tokens.includes(',close,')) return false
  return version === 11 || tokens.includes(',keep-alive,')
}
