import { kindOf, quote } from '../config/invalid-value.ts'
import { isRecord } from '../config/kinds-of-object.ts'
import { nearestName } from '../config/nearest-name.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { ConfigError } from '../core/errors.ts'

/** A field: what it must be, in words, and whether a value is that. */
export interface FieldRule {
  readonly wants: string
  readonly takes: (value: unknown) => boolean
  /** It must be there. */
  readonly isNeeded?: boolean
  /** Messages must not show it. */
  readonly isSecret?: boolean
}

export const TEXT: FieldRule = { wants: 'a text', takes: (value) => typeof value === 'string' }

/**
 * Refuses what is no object, unknown fields and wrong ones, as may come from plain JavaScript: each would count as absent,
 * and what is absent means any.
 *
 * @param what says what it is: `a filter of sessions`
 * @throws {ConfigError} with every problem
 */
export function assertFields<Fields extends object>(
  given: Fields,
  { what, rules }: { what: string; rules: Readonly<Record<keyof Fields, FieldRule>> },
): void {
  if (!isRecord(given))
    throw new ConfigError([{ path: '', message: `${what} must be an object, not ${quote(given)}` }])
  const known: Readonly<Record<string, FieldRule>> = rules
  const problems = Object.entries(given).flatMap(([name, value]): ConfigProblem[] => {
    const rule = Object.hasOwn(known, name) ? known[name] : undefined
    if (rule === undefined)
      return [{ path: name, message: `is no field of ${what}${hint(name, Object.keys(known))}` }]
    if (value === undefined || rule.takes(value)) return []
    const is = rule.isSecret === true ? kindOf(value) : quote(value)
    return [{ path: name, message: `must be ${rule.wants}, not ${is}` }]
  })
  for (const [name, { wants, isNeeded }] of Object.entries(known)) {
    const isMissing = (given as Readonly<Record<string, unknown>>)[name] === undefined
    if (isNeeded === true && isMissing) problems.push({ path: name, message: `is missing: ${wants}` })
  }
  if (problems.length > 0) throw new ConfigError(problems)
}

function hint(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? `; there are: ${known.join(', ')}` : `; did you mean ${nearest}?`
}
