import { headerProblem } from '../wire/header-changes.ts'
import { hostName, isHost } from '../wire/host.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { nearestName } from './nearest-name.ts'
import type { Problems } from './problems.ts'
import type { HeaderChangesConfig, RouteConfig } from './schema.ts'
import { unknownKeyProblems } from './unknown-keys.ts'

export interface RouteContext {
  /** Where it stands: `routes[0]`. */
  readonly path: string
  /** The names that there are. */
  readonly pools: readonly string[]
  readonly problems: Problems
}

/** Reads one route; undefined where it is none at all. What is wrong goes to `problems`. */
export function readRoute(input: unknown, context: RouteContext): RouteConfig | undefined {
  const { path, pools, problems } = context
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    problems.add({ path, message: `must be an object with a pool, not ${quote(input)}` })
    return undefined
  }
  const given = input as Readonly<Record<string, unknown>>
  problems.add(...unknownKeyProblems(given, { known: ROUTE_OPTIONS, path, what: 'an option of a route' }))
  const host = problems.attempt(`${path}.host`, () => readHost(given['host']))
  const prefix = problems.attempt(`${path}.path`, () => readPrefix(given['path']))
  const pool = problems.attempt(`${path}.pool`, () => readPool(given['pool'], pools))
  const stripPrefix = problems.attempt(`${path}.stripPrefix`, () => readSwitch(given['stripPrefix']))
  return {
    host,
    path: prefix ?? '/',
    // A name that nobody has: the problem is told already, and nothing else follows from it.
    pool: pool ?? '',
    stripPrefix: stripPrefix ?? false,
    request: readChanges(given, 'Request', context),
    response: readChanges(given, 'Response', context),
  }
}

const ROUTE_OPTIONS = [
  'host',
  'path',
  'pool',
  'stripPrefix',
  'setRequestHeaders',
  'removeRequestHeaders',
  'setResponseHeaders',
  'removeResponseHeaders',
]

function readHost(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  const name = text.startsWith('*.') ? text.slice(2) : text
  const isName = isHost(name) && !/^\[.*\]:|^[^[]*:/.test(name)
  if (isName && !name.includes('*')) return text.startsWith('*.') ? text : hostName(text)
  throw new InvalidValueError(
    `must be a host such as app.example.org or *.example.org, without a port, not ${quote(value)}`,
  )
}

function readPrefix(value: unknown): string {
  if (value === undefined) return '/'
  if (typeof value !== 'string' || !/^\/[\x21-\x7e]*$/.test(value) || /[?#]/.test(value)) {
    throw new InvalidValueError(`must be a path such as /api, without a query, not ${quote(value)}`)
  }
  if (/\/(?:\/|\.\.?(?:\/|$))/.test(value)) {
    throw new InvalidValueError(
      `${quote(value)} holds an empty segment, . or ..: write the path that it means`,
    )
  }
  // `/api` takes whole segments, so `/api/` would only leave out `/api` itself.
  return value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value
}

function readPool(value: unknown, pools: readonly string[]): string {
  if (value === undefined) throw new InvalidValueError(`is missing: give one of ${pools.join(', ')}`)
  if (typeof value === 'string' && pools.includes(value)) return value
  const nearest = typeof value === 'string' ? nearestName(value, pools) : undefined
  const hint =
    nearest === undefined ? `: there are ${pools.join(', ') || 'none'}` : `; did you mean ${nearest}?`
  throw new InvalidValueError(`${quote(value)} is not a pool${hint}`)
}

function readSwitch(value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw new InvalidValueError(`must be true or false, not ${quote(value)}`)
}

function readChanges(
  given: Readonly<Record<string, unknown>>,
  what: 'Request' | 'Response',
  { path, problems }: RouteContext,
): HeaderChangesConfig {
  const setKey = `set${what}Headers`
  const removeKey = `remove${what}Headers`
  const set = problems.attempt(`${path}.${setKey}`, () => readSet(given[setKey]))
  const remove = problems.attempt(`${path}.${removeKey}`, () => readRemove(given[removeKey]))
  return { set: set ?? {}, remove: remove ?? [] }
}

function readSet(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidValueError(`must be an object such as { 'X-Zone': 'a' }, not ${quote(value)}`)
  }
  const set = Object.entries(value as Readonly<Record<string, unknown>>).map(
    ([name, text]): [string, string] => {
      if (typeof text !== 'string') throw new InvalidValueError(`${name} must be a text, not ${quote(text)}`)
      const problem = headerProblem(name, text.trim())
      if (problem !== undefined) throw new InvalidValueError(problem)
      return [name, text.trim()]
    },
  )
  return Object.fromEntries(set)
}

function readRemove(value: unknown): readonly string[] {
  if (value === undefined) return []
  const names: unknown[] = Array.isArray(value) ? value : [value]
  return names.map((name) => {
    if (typeof name !== 'string') {
      throw new InvalidValueError(`must be names such as ['X-Debug'], not ${quote(value)}`)
    }
    const problem = headerProblem(name)
    if (problem !== undefined) throw new InvalidValueError(problem)
    return name
  })
}
