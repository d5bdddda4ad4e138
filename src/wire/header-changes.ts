import { FieldKind, fieldKind } from './field-kinds.ts'
import { isTokenCode, isValueCode } from './http-chars.ts'

/** What an operator wants set and removed, made ready once: no head pays for what was not asked. */
export interface HeaderChanges {
  /** In small letters: the fields of these names go, also those that we would set ourselves. */
  readonly names: ReadonlySet<string>
  /** The lines that come instead, each with its CR LF. */
  readonly lines: string
}

/**
 * undefined where nothing is to change. Throws a `RangeError` for names and values for which `headerProblem` has
 * words: configuration is checked by it before.
 */
export function compileHeaderChanges({
  set,
  remove,
}: {
  set: Readonly<Record<string, string>>
  remove: readonly string[]
}): HeaderChanges | undefined {
  const names = new Set<string>()
  let lines = ''
  for (const [name, value] of Object.entries(set)) {
    const problem = headerProblem(name, value)
    if (problem !== undefined) throw new RangeError(problem)
    names.add(name.toLowerCase())
    lines += `${name}: ${value}\r\n`
  }
  for (const name of remove) {
    const problem = headerProblem(name)
    if (problem !== undefined) throw new RangeError(problem)
    names.add(name.toLowerCase())
  }
  return names.size === 0 ? undefined : { names, lines }
}

/** Why this field may not be set to the value, or without one not be removed; undefined if it may. */
export function headerProblem(name: string, value?: string): string | undefined {
  if (name === '' || !every(name, isTokenCode)) return `${JSON.stringify(name)} is no header name`
  const kind = fieldKind(name)
  if (FRAMING.has(kind))
    return `${name} belongs to the message's framing or connection, which is not yours to change`
  if (value === undefined) return kind === FieldKind.host ? 'Host can be set, but not removed' : undefined
  if (!every(value, isValueCode)) return `the value of ${name} holds characters that no header may hold`
  return undefined
}

const FRAMING: ReadonlySet<FieldKind> = new Set([
  FieldKind.connection,
  FieldKind.contentLength,
  FieldKind.transferEncoding,
  FieldKind.upgrade,
  FieldKind.expect,
  FieldKind.keepAlive,
  FieldKind.proxyConnection,
  FieldKind.te,
  FieldKind.http2Settings,
])

function every(text: string, isOne: (code: number) => boolean): boolean {
  for (let i = 0; i < text.length; i++) if (!isOne(text.charCodeAt(i))) return false
  return true
}
