import type { BackendSpec } from '../core/backend.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { ConfigError } from '../core/errors.ts'
import type { BackendOptions, BalancerOptions } from './options.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { ownAddressProblems } from './own-address.ts'
import { parseListen } from './parse-listen.ts'
import { Problems } from './problems.ts'
import { readBackends } from './read-backends.ts'
import { httpConfig, isHttpMode } from './resolve-http.ts'
import { MAIN, readPools } from './resolve-pools.ts'
import { readRoutes } from './resolve-routes.ts'
import type { Config } from './schema.ts'
import type { Setting } from './setting.ts'
import { settings } from './settings.ts'
import { TEST_OPTIONS, testOptionProblems } from './test-options.ts'
import { unknownKeyProblems } from './unknown-keys.ts'
import { readValues } from './values.ts'

/**
 * Turns what `createBalancer` was given into the configuration that everything inside reads, defaults in place.
 * Callers in plain JavaScript may pass anything: nothing is taken on trust.
 *
 * @throws {ConfigError} with every problem at once
 */
export function resolveOptions(options: BalancerOptions): Config {
  const problems = new Problems()
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError([{ path: 'options', message: `must be an object, not ${quote(options)}` }])
  }
  const given: Readonly<Record<string, unknown>> = { ...options }
  problems.add(
    ...unknownKeyProblems(given, { known: OPTIONS }),
    ...injected(given),
    ...testOptionProblems(given),
  )
  const address = problems.attempt('listen', () => parseListen(portOrAddress(given['listen'])))
  const values = readValues(given, { settings: OWN_SETTINGS, problems })
  const { pools, backends } = readPools({ given, values, problems })
  const isHttp = isHttpMode({ given, mode: values.mode, backends, problems })
  const routes = isHttp === false ? [] : readRoutes({ given, pools, problems })
  const [first] = pools
  if (address !== undefined) {
    problems.add(
      ...ownAddressProblems(
        address,
        pools.flatMap((pool) => pool.backends),
      ),
    )
  }
  if (address === undefined || first === undefined || problems.any) throw new ConfigError(problems.list)
  return {
    listeners: [
      {
        name: MAIN,
        address,
        pool: first.name,
        maxConnections: values.maxConnections,
        idleTimeoutMs: values.idleTimeout,
        halfClosedTimeoutMs: values.halfClosedTimeout,
        http: isHttp === true ? httpConfig(values, routes) : undefined,
      },
    ],
    pools,
    shutdownDelayMs: values.shutdownDelay,
    shutdownTimeoutMs: values.shutdownTimeout,
    admin: undefined,
    log: { level: 'info', format: undefined, sessions: true, accessLog: undefined },
    pidFile: undefined,
    io: values.io,
    faults: values.faults,
  }
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

const OWN_SETTINGS = (settings as readonly Setting[]).filter((setting) => setting.commandOnly !== true)

const OPTIONS = [
  'listen',
  'backends',
  'pools',
  'routes',
  'signal',
  'clock',
  'random',
  ...TEST_OPTIONS,
  ...OWN_SETTINGS.map(({ key }) => key),
]

function injected(given: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const { signal, clock, random } = given
  const problems: ConfigProblem[] = []
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    problems.push({ path: 'signal', message: `must be an AbortSignal, not ${quote(signal)}` })
  }
  if (clock !== undefined && !looksLikeClock(clock)) {
    problems.push({ path: 'clock', message: `must have now, wallTime and setTimer; got ${quote(clock)}` })
  }
  if (random !== undefined && typeof random !== 'function') {
    problems.push({
      path: 'random',
      message: `must be a function that gives numbers in [0, 1), not ${quote(random)}`,
    })
  }
  return problems
}

function looksLikeClock(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'now' in value && 'setTimer' in value
}

function portOrAddress(value: unknown): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value
  if (value === undefined) throw new InvalidValueError("is missing: give 8080 or '127.0.0.1:8080'")
  throw new InvalidValueError(`must be a port or an address, not ${quote(value)}`)
}
