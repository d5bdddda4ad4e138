import { FieldKind } from './field-kinds.ts'
import type { Fields } from './fields.ts'

/** The Connection tokens that name fields to be removed; `''` for the usual ones, which name none. */
export function nominatedTokens(tokens: string): string {
  if (tokens === '' || tokens === ',keep-alive,' || tokens === ',close,' || tokens === ',upgrade,') return ''
  return tokens
}

/**
 * Connection names field `i`, which therefore ends here. Not so what says where a message ends and to whom it goes:
 * to remove that at a stranger's wish would be to send on another message than the one that we read.
 */
export function isNominated(fields: Fields, i: number, nominated: string): boolean {
  switch (fields.kindAt(i)) {
    case FieldKind.contentLength:
    case FieldKind.transferEncoding:
    case FieldKind.host:
    case FieldKind.expect:
      return false
    default:
      return nominated.includes(`,${fields.name(i).toLowerCase()},`)
  }
}
