import { quote } from './invalid-value.ts'
import type { Problems } from './problems.ts'
import { duplicateProblems, type ReadBackend, readBackends } from './read-backends.ts'
import { poolConfig } from './resolve-pool.ts'
import type { PoolConfig } from './schema.ts'
import type { Setting } from './setting.ts'
import { settings } from './settings.ts'
import { unknownKeyProblems } from './unknown-keys.ts'
import { readValues, type Values } from './values.ts'

/** The one listener, and the pool of `backends`, are both called so. */
export const MAIN = 'main'

interface Given {
  readonly given: Readonly<Record<string, unknown>>
  readonly values: Values
  readonly problems: Problems
}

/**
 * The pool of `backends`, where there are any or nothing else is given, and those of `pools`; and every backend of
 * theirs, as it was written.
 */
export function readPools({ given, values, problems }: Given): {
  readonly pools: readonly PoolConfig[]
  readonly backends: readonly ReadBackend[]
} {
  const named = namedPools(given['pools'], problems)
  const main = allBackends(given, { isOptional: named.length > 0, values, problems })
  const pools: PoolConfig[] = []
  const backends = [...main]
  if (main.length > 0 || named.length === 0) {
    pools.push(poolConfig({ name: MAIN, own: given, given, values, backends: specsOf(main), problems }))
  }
  for (const { name, own } of named) {
    const path = `pools.${name}`
    const poolValues = readValues(own, { settings: PER_POOL, inherited: values, path, problems })
    const read = allBackends(own, { path, values: poolValues, problems })
    backends.push(...read)
    pools.push(
      poolConfig({
        name,
        own,
        given: { ...given, ...own },
        path,
        values: poolValues,
        backends: specsOf(read),
        problems,
      }),
    )
  }
  return { pools, backends }
}

const PER_POOL = (settings as readonly Setting[]).filter((setting) => setting.perPool === true)
const POOL_OPTIONS = ['backends', ...PER_POOL.map(({ key }) => key)]

interface NamedPool {
  readonly name: string
  readonly own: Readonly<Record<string, unknown>>
}

function namedPools(pools: unknown, problems: Problems): NamedPool[] {
  if (pools === undefined) return []
  if (!isRecord(pools)) {
    problems.add({
      path: 'pools',
      message: `must be an object such as { api: { backends: [3001] } }, not ${quote(pools)}`,
    })
    return []
  }
  return Object.entries(pools).flatMap(([name, own]) => {
    const path = `pools.${name}`
    if (!isRecord(own)) {
      problems.add({ path, message: `must be an object with backends, not ${quote(own)}` })
      return []
    }
    const message = nameProblem(name)
    if (message !== undefined) problems.add({ path: 'pools', message })
    problems.add(...unknownKeyProblems(own, { known: POOL_OPTIONS, path, what: 'an option of a pool' }))
    return message === undefined ? [{ name, own: withoutUndefined(own) }] : []
  })
}

function nameProblem(name: string): string | undefined {
  if (name === MAIN) return '"main" is the pool of the option backends: choose another name'
  if (/^[A-Za-z0-9._-]{1,64}$/.test(name)) return undefined
  return `${quote(name)} cannot name a pool: use letters, digits and . _ -, at most 64`
}

function allBackends(
  given: Readonly<Record<string, unknown>>,
  from: {
    readonly path?: string
    /** Pools stand beside it. */
    readonly isOptional?: boolean
    readonly values: Values
    readonly problems: Problems
  },
): ReadBackend[] {
  const { problems, values } = from
  const prefix = from.path === undefined ? '' : `${from.path}.`
  const { backends, backup } = given
  if (!Array.isArray(backends) && !(backends === undefined && from.isOptional === true)) {
    const got = backends === undefined ? 'is missing' : `is ${quote(backends)}`
    problems.add({
      path: `${prefix}backends`,
      message: `${got}: give an array such as [3001, 'host:3002']`,
    })
  }
  const spares: unknown[] = Array.isArray(backup) ? backup : backup === undefined ? [] : [backup]
  const read = (input: unknown, path: string, isBackup: boolean): ReadBackend[] =>
    readBackends(input, {
      path: `${prefix}${path}`,
      backup: isBackup,
      maxConnections: values.backendMaxConnections,
      problems,
    })
  const placed = [
    ...(Array.isArray(backends) ? (backends as unknown[]) : []).flatMap((input, i) =>
      read(input, `backends[${i}]`, false),
    ),
    ...spares.flatMap((input, i) => read(input, Array.isArray(backup) ? `backup[${i}]` : 'backup', true)),
  ]
  problems.add(...duplicateProblems(placed))
  return placed
}

function specsOf(backends: readonly ReadBackend[]): ReadBackend['spec'][] {
  return backends.map(({ spec }) => spec)
}

/** What is undefined counts as not given, and must not hide what is inherited. */
function withoutUndefined(own: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
