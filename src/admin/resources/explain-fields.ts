import { badRequest } from '../api-error.ts'

/** `name: value` pairs, names in small letters; the last of a name counts. @throws {ApiError} */
export function fieldsOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      if (colon < 1) throw badRequest('header must be `name: value`')
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
}
