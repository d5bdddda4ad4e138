import type { BackendSpec } from '../core/backend.ts'
import type { Probe } from '../core/probe.ts'
import type { StrategyFactory } from '../core/strategy.ts'
import type { Problems } from './problems.ts'
import type { CheckConfig, PoolConfig, Stickiness } from './schema.ts'
import type { Values } from './values.ts'

interface PoolParts {
  readonly name: string
  /** What was given for this pool itself. */
  readonly own: Readonly<Record<string, unknown>>
  /** The same, with what it inherits. */
  readonly given: Readonly<Record<string, unknown>>
  /** Where `own` stands: `pools.api`. */
  readonly path?: string
  readonly values: Values
  readonly backends: readonly BackendSpec[]
  readonly problems: Problems
}

/** One pool, of values that are read already. */
export function poolConfig(parts: PoolParts): PoolConfig {
  const { name, given, values, backends } = parts
  return {
    name,
    backends,
    discovery: undefined,
    strategy: values.balance,
    strategyFactory:
      typeof given['balance'] === 'function' ? (given['balance'] as StrategyFactory) : undefined,
    backendMaxConnections: values.backendMaxConnections,
    connectTimeoutMs: values.connectTimeout,
    retries: values.retries,
    queueTimeoutMs: values.queueTimeout,
    maxQueue: values.maxQueue,
    check: checkConfig(parts),
    eject: values.eject,
    whenAllDown: values.whenAllDown,
    onDown: values.onDown,
    slowStartMs: values.slowStart,
    stickiness: stickiness(parts),
    tls: { ca: values.backendCa, verify: values.backendVerify },
  }
}

const ONLY_HTTP_CHECKS = ['checkPath', 'checkExpect', 'checkHost', 'checkHeader', 'checkBody']

function checkConfig(parts: PoolParts): CheckConfig {
  const { given, values } = parts
  // Without this, whoever asks for a path believes that it is being checked.
  if (values.check === 'tcp') {
    refuse(parts, ONLY_HTTP_CHECKS, 'counts only for HTTP checks: set check to http as well')
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

function stickiness(parts: PoolParts): Stickiness {
  const { sticky, stickyCookie } = parts.values
  // What cannot be read has its problem already.
  if (sticky === undefined) return { kind: 'off' }
  if (sticky.kind === 'cookie') return { kind: 'cookie', name: stickyCookie }
  refuse(parts, ['stickyCookie'], 'counts only with a cookie: set sticky to cookie as well')
  return sticky
}

function refuse({ own, path, problems }: PoolParts, keys: readonly string[], message: string): void {
  for (const key of keys.filter((name) => own[name] !== undefined)) {
    problems.add({ path: path === undefined ? key : `${path}.${key}`, message })
  }
}
