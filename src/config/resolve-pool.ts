import { duplicateBackends } from './duplicate-backends.ts'
import type { PoolModel } from './model.ts'
import type { Place, PlacedProblem } from './place.ts'
import type { CheckConfig, PoolConfig, Stickiness } from './schema.ts'
import type { GivenValues, Values } from './values.ts'

/** One pool, of values that are read already. */
export function poolConfig(pool: PoolModel): PoolConfig {
  const { values } = pool
  const { balance } = values
  return {
    name: pool.name,
    backends: pool.backends.map(({ spec }) => spec),
    discovery: pool.discovery?.config,
    strategy: typeof balance === 'function' ? 'custom' : balance,
    strategyFactory: typeof balance === 'function' ? balance : undefined,
    backendMaxConnections: values.backendMaxConnections,
    connectTimeoutMs: values.connectTimeout,
    retries: values.retries,
    queueTimeoutMs: values.queueTimeout,
    maxQueue: values.maxQueue,
    check: checkConfig(values),
    eject: values.eject,
    whenAllDown: values.whenAllDown,
    onDown: values.onDown,
    slowStartMs: values.slowStart,
    stickiness: stickiness(values),
    tls: { ca: values.backendCa, verify: values.backendVerify },
  }
}

/** What does not go together within a pool. */
export function poolProblems(pool: PoolModel): PlacedProblem[] {
  const { own, place, values, backends } = pool
  return [
    // Without these, whoever asks for a path believes that it is being checked.
    ...(values.check === 'tcp'
      ? refuse(own, { place, keys: ONLY_HTTP_CHECKS, message: NEEDS_HTTP_CHECK })
      : []),
    ...(values.sticky.kind === 'cookie'
      ? []
      : refuse(own, { place, keys: ['stickyCookie'], message: NEEDS_COOKIE })),
    ...duplicateBackends(backends).map(({ item, message }) => ({ place: item.place, message })),
  ]
}

export const ONLY_HTTP_CHECKS = ['checkPath', 'checkExpect', 'checkHost', 'checkHeader', 'checkBody'] as const
export const NEEDS_HTTP_CHECK = 'counts only for HTTP checks: set check to http as well'
export const NEEDS_COOKIE = 'counts only with a cookie: set sticky to cookie as well'

/** A problem for each of the keys that somebody gave. */
export function refuse(
  own: GivenValues,
  what: { readonly place: Place; readonly keys: readonly (keyof GivenValues)[]; readonly message: string },
): PlacedProblem[] {
  return what.keys
    .filter((key) => own[key] !== undefined)
    .map((key) => ({ place: [...what.place, key], message: what.message }))
}

function checkConfig(values: Values): CheckConfig {
  const { check } = values
  return {
    kind: typeof check === 'function' ? 'custom' : check,
    probe: typeof check === 'function' ? check : undefined,
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

function stickiness({ sticky, stickyCookie }: Values): Stickiness {
  return sticky.kind === 'cookie' ? { kind: 'cookie', name: stickyCookie } : sticky
}
