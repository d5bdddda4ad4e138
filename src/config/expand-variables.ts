import type { Place, PlacedProblem } from './place.ts'

type Env = Readonly<Record<string, string | undefined>>

/**
 * Puts variables of the environment into the texts of a configuration: `${NAME}`, or `${NAME:-default}` for one that
 * is unset or empty; `$${` stands for `${` itself. Names of settings stay as they are.
 */
export function expandVariables(
  value: unknown,
  env: Env,
  place: Place = [],
): { readonly value: unknown; readonly problems: readonly PlacedProblem[] } {
  const problems: PlacedProblem[] = []
  const expanded = expand(value, { env, place, problems })
  return { value: expanded, problems }
}

/** What {@link expandVariables} makes `value` of again. */
export function escapeVariables(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${')
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(escapeVariables)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escapeVariables(item)]))
}

interface Context {
  readonly env: Env
  readonly place: Place
  readonly problems: PlacedProblem[]
}

function expand(value: unknown, context: Context): unknown {
  const { place } = context
  if (typeof value === 'string') return value.includes('${') ? expandText(value, context) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    return (value as unknown[]).map((item, i) => expand(item, { ...context, place: [...place, i] }))
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, expand(item, { ...context, place: [...place, key] })]),
  )
}

/** What stands there is not shown: it may well be a password with these signs in it. */
const NO_VARIABLE =
  'holds "${" that begins no variable: write ${NAME} or ${NAME:-default}, or $${ for the signs themselves'

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g

function expandText(text: string, { env, place, problems }: Context): string {
  return text.replaceAll(REFERENCE, (whole: string, inside: string | undefined, end: string) => {
    if (inside === undefined) return '${'
    const [, name, fallback] = /^([A-Za-z_][A-Za-z\d_]*)(?::-(.*))?$/s.exec(inside) ?? []
    if (name === undefined || end === '') {
      problems.push({ place, message: NO_VARIABLE })
      return whole
    }
    const value = env[name]
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value !== undefined) return value
    problems.push({
      place,
      message: `the variable ${name} is not set: set it, or give a default: \${${name}:-...}`,
    })
    return whole
  })
}
