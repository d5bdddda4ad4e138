import type { BackendSpec } from '../core/backend.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { ConfigError } from '../core/errors.ts'
import type { Probe } from '../core/probe.ts'
import type { StrategyFactory } from '../core/strategy.ts'
import { nearestName } from './nearest-name.ts'
import type { BackendOptions, BalancerOptions } from './options.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { parseListen } from './parse-listen.ts'
import { Problems } from './problems.ts'
import type { SettingValue } from './read-setting.ts'
import { readSetting } from './read-setting.ts'
import { duplicateProblems, readBackends } from './read-backends.ts'
import type { CheckConfig, Config, PoolConfig } from './schema.ts'
import type { Setting } from './setting.ts'
import { type SettingKey, settings } from './settings.ts'

/** The one listener and the one pool that options and flags can describe are both called so. */
const MAIN = 'main'

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
  problems.add(...unknownKeys(given), ...injected(given))
  const address = problems.attempt('listen', () => parseListen(portOrAddress(given['listen'])))
  const values = readValues(given, problems)
  const backends = allBackends(given, values.backendMaxConnections, problems)
  const pool = poolConfig({ given, values, backends, problems })
  if (address === undefined || problems.any) throw new ConfigError(problems.list)
  return {
    listeners: [
      {
        name: MAIN,
        address,
        pool: MAIN,
        maxConnections: values.maxConnections,
        idleTimeoutMs: values.idleTimeout,
        halfClosedTimeoutMs: values.halfClosedTimeout,
        http: undefined,
      },
    ],
    pools: [pool],
    shutdownTimeoutMs: values.shutdownTimeout,
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
  const specs = readBackends(input, {
    path: 'backend',
    backup: false,
    maxConnections: defaults.maxConnections ?? 0,
    problems,
  })
  if (!problems.any && specs.length !== 1) {
    problems.add({ path: 'backend', message: `${quote(input)} holds ${specs.length} backends: give one` })
  }
  if (problems.any) throw new ConfigError(problems.list)
  return specs[0] as BackendSpec
}

/** Settings without a default may be absent; functions stand in for names where a user brings their own. */
type Values = { [Key in SettingKey]: SettingValue<Key> } & {
  [Key in 'maxConnections' | 'downInterval' | 'checkPort']: number | undefined
} & { [Key in 'checkHost' | 'checkBody']: string | undefined }

const NOT_SETTINGS = ['listen', 'backends', 'signal', 'clock', 'random']

function unknownKeys(given: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const known = [
    ...NOT_SETTINGS,
    ...(settings as readonly Setting[]).filter((s) => s.commandOnly !== true).map((s) => s.key),
  ]
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const nearest = nearestName(key, known)
      return {
        path: key,
        message: `is not an option${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
      }
    })
}

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

function readValues(given: Readonly<Record<string, unknown>>, problems: Problems): Values {
  const values: Record<string, unknown> = {}
  for (const setting of settings as readonly Setting[]) {
    if (setting.commandOnly === true || setting.kind === 'backends') continue
    const value = given[setting.key]
    const isOwn = typeof value === 'function' && (setting.key === 'balance' || setting.key === 'check')
    if (isOwn) values[setting.key] = 'custom'
    else if (value !== undefined) {
      values[setting.key] = problems.attempt(setting.key, () => readSetting(setting, value))
    } else if (setting.default !== undefined) values[setting.key] = readSetting(setting, setting.default)
  }
  return values as Values
}

function allBackends(
  given: Readonly<Record<string, unknown>>,
  maxConnections: number,
  problems: Problems,
): BackendSpec[] {
  const { backends, backup } = given
  if (!Array.isArray(backends)) {
    const got = backends === undefined ? 'is missing' : `is ${quote(backends)}`
    problems.add({ path: 'backends', message: `${got}: give an array such as [3001, 'host:3002']` })
  }
  const placed = [
    ...(Array.isArray(backends) ? (backends as unknown[]) : []).map((input, i) => ({
      input,
      path: `backends[${i}]`,
      backup: false,
    })),
    ...(Array.isArray(backup) ? (backup as unknown[]) : backup === undefined ? [] : [backup]).map(
      (input, i) => ({
        input,
        path: Array.isArray(backup) ? `backup[${i}]` : 'backup',
        backup: true,
      }),
    ),
  ].flatMap(({ input, path, backup: isBackup }) =>
    readBackends(input, { path, backup: isBackup, maxConnections, problems }).map((spec) => ({ spec, path })),
  )
  problems.add(...duplicateProblems(placed))
  return placed.map(({ spec }) => spec)
}

function poolConfig(parts: {
  given: Readonly<Record<string, unknown>>
  values: Values
  backends: readonly BackendSpec[]
  problems: Problems
}): PoolConfig {
  const { given, values, backends, problems } = parts
  return {
    name: MAIN,
    backends,
    strategy: values.balance,
    strategyFactory:
      typeof given['balance'] === 'function' ? (given['balance'] as StrategyFactory) : undefined,
    backendMaxConnections: values.backendMaxConnections,
    connectTimeoutMs: values.connectTimeout,
    retries: values.retries,
    queueTimeoutMs: values.queueTimeout,
    maxQueue: values.maxQueue,
    check: checkConfig(given, values, problems),
    eject: values.eject,
    whenAllDown: values.whenAllDown,
    onDown: values.onDown,
    slowStartMs: values.slowStart,
    stickiness: { kind: 'off' },
    tls: { ca: undefined, verify: true },
  }
}

function checkConfig(
  given: Readonly<Record<string, unknown>>,
  values: Values,
  problems: Problems,
): CheckConfig {
  if (values.check === 'tcp') {
    const onlyHttp = ['checkPath', 'checkExpect', 'checkHost', 'checkHeader', 'checkBody']
    // Without this, whoever asks for a path believes that it is being checked.
    for (const key of onlyHttp.filter((name) => given[name] !== undefined)) {
      problems.add({ path: key, message: 'counts only for HTTP checks: set check to http as well' })
    }
  }
  return {
    kind: values.check,
    probe: typeof given['check'] === 'function' ? (given['check'] as Probe) : undefined,
    intervalMs: values.checkInterval,
    timeoutMs: values.checkTimeout,
    rise: values.rise,
    fall: values.fall,
    fastIntervalMs: Math.min(values.fastInterval, values.checkInterval),
    downIntervalMs: values.downInterval ?? values.checkInterval,
    initial: values.initial,
    port: values.checkPort,
    http: {
      path: values.checkPath,
      expect: values.checkExpect,
      host: values.checkHost,
      headers: values.checkHeader ?? {},
      bodyContains: values.checkBody,
    },
  }
}

function portOrAddress(value: unknown): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value
  if (value === undefined) throw new InvalidValueError("is missing: give 8080 or '127.0.0.1:8080'")
  throw new InvalidValueError(`must be a port or an address, not ${quote(value)}`)
}
