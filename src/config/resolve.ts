import type * as z from 'zod'
import { isRecord } from './kinds-of-object.ts'
import type { BackendSpec } from '../core/backend.ts'
import { ConfigError } from '../core/errors.ts'
import { quote } from './invalid-value.ts'
import { backendModels, type Model, namedPool, type PoolModel } from './model.ts'
import type { BackendOptions, BalancerOptions } from './options.ts'
import { MAIN, optionsSchema } from './options-schema.ts'
import { parseModel } from './parse-model.ts'
import { Problems } from './problems.ts'
import { isName, nameMessage } from './named.ts'
import { readBackends } from './read-backends.ts'
import { listenerKeys, poolKeys } from './setting-schema.ts'
import type { Config } from './schema.ts'
import { testOptionProblems } from './test-options.ts'
import { defaultValues, type GivenValues, merge } from './values.ts'

/**
 * Turns what `createBalancer` was given into the configuration that everything inside reads, defaults in place.
 * Callers in plain JavaScript may pass anything: nothing is taken on trust.
 *
 * @throws {ConfigError} with every problem at once
 */
export function resolveOptions(options: BalancerOptions): Config {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError([{ path: 'options', message: `must be an object, not ${quote(options)}` }])
  }
  return parseModel({
    given: { ...options },
    schema: optionsSchema,
    poolNames: readableNames(options),
    before: [
      ...(options.listen === undefined
        ? [{ place: ['listen'], message: "is missing: give 8080 or '127.0.0.1:8080'" }]
        : []),
      // zod passes over it in silence.
      ...(isRecord(options.pools) && Object.hasOwn(options.pools ?? {}, '__proto__')
        ? [{ place: ['pools'], message: nameMessage('__proto__', 'a pool') }]
        : []),
      ...testOptionProblems({ ...options }).map(({ path, message }) => ({ place: [path], message })),
    ],
    toModel: modelOf,
  })
}

/**
 * Reads one backend, as `addBackend` is given it.
 *
 * @throws {ConfigError}
 */
export function parseBackend(
  input: number | string | BackendOptions,
  defaults: { readonly maxConnections?: number } = {},
): BackendSpec {
  const problems = new Problems()
  const read = readBackends(input, {
    path: 'backend',
    backup: false,
    maxConnections: defaults.maxConnections ?? 0,
    problems,
  })
  const [first] = read
  if (!problems.any && read.length !== 1) {
    problems.add({ path: 'backend', message: `${quote(input)} holds ${read.length} backends: give one` })
  }
  if (problems.any || first === undefined) throw new ConfigError(problems.list)
  return first.spec
}

/** What routes may lead to; a pool that cannot be read at all is none. */
function readableNames({ pools, backends, backup }: BalancerOptions): string[] {
  const named = Object.entries((isRecord(pools) ? pools : undefined) ?? {})
    .filter(([name, pool]) => name !== MAIN && isRecord(pool) && isName(name))
    .map(([name]) => name)
  return hasMain({ backends, backup }) || named.length === 0 ? [MAIN, ...named] : named
}

/** Whether there is a pool of the options themselves, beside those of `pools`. */
function hasMain({ backends, backup }: Pick<BalancerOptions, 'backends' | 'backup'>): boolean {
  return hasAny(backends) || hasAny(backup)
}

function hasAny(list: unknown): boolean {
  return Array.isArray(list) ? list.length > 0 : list !== undefined
}

function modelOf(given: z.output<typeof optionsSchema>): Model {
  const values = merge(defaultValues, given)
  const pools = Object.entries(given.pools ?? {}).map(([name, pool]) => namedPool(name, pool, values))
  const isMainThere = pools.length === 0 || (given.backends ?? []).length > 0 || given.backup !== undefined
  const main: PoolModel = {
    name: MAIN,
    place: [],
    own: only(given, poolKeys),
    values,
    backends: backendModels(given, { place: [], values }),
    hasNoSource: given.backends === undefined && pools.length === 0,
    unusedPlace: ['backends'],
    discovery: undefined,
  }
  const { routes } = given
  const isRouted = routes !== undefined || given.pools !== undefined
  return {
    listeners: [
      {
        name: MAIN,
        place: [],
        listenPlace: ['listen'],
        // Where it is missing, that is told.
        address: given.listen ?? { kind: 'tcp', host: '::', port: 0 },
        pool: isMainThere ? MAIN : undefined,
        poolPlace: ['backends'],
        routes: isRouted ? (routes ?? []).map((config, i) => ({ place: ['routes', i], config })) : undefined,
        httpOnlyPlaces: [
          ...(given.pools === undefined ? [] : [['pools']]),
          ...(routes === undefined ? [] : [['routes']]),
        ],
        own: only(given, listenerKeys),
        values,
      },
    ],
    pools: isMainThere ? [main, ...pools] : pools,
    poolNames: isMainThere ? [MAIN, ...pools.map(({ name }) => name)] : pools.map(({ name }) => name),
    defaults: undefined,
    values,
    admin: undefined,
    adminPlace: [],
  }
}

function only(given: GivenValues, keys: readonly (keyof GivenValues)[]): GivenValues {
  return Object.fromEntries(keys.map((key) => [key, given[key]]))
}
