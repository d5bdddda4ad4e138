import type { ConnectionOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { PoolConfig } from '../config/schema.ts'
import { formatAddress } from '../core/address.ts'
import type { Backend, BackendMode, BackendSpec, CheckResult } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import { ConfigError } from '../core/errors.ts'
import type { Events } from '../core/events.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import type { ConnectOptions } from '../handlers/connector.ts'
import type { FaultBoard } from '../faults/fault-board.ts'
import { HealthScheduler } from '../health/scheduler.ts'
import { IdleConnections } from '../pool/idle-connections.ts'
import type { Dialer } from '../net/dial.ts'
import { verificationOf } from '../net/tls-verification.ts'
import type { FailureKind } from '../pool/ejector.ts'
import { Pool } from '../pool/pool.ts'
import { changeBackends } from './change-backends.ts'
import type { BackendChanges } from './config-change.ts'
import { diffBackends } from './diff-config.ts'
import { PoolDiscovery } from './pool-discovery.ts'
import { StrategyMaker } from './strategy-maker.ts'

export interface ManagedPoolOptions {
  readonly config: PoolConfig
  readonly dialer: Dialer
  readonly clock: Clock
  readonly random: () => number
  readonly wheel: TimerWheel
  readonly events: Events
  /** Where faults on purpose are allowed. */
  readonly faults: FaultBoard | undefined
  /** The system refused us something, for a session or a check. */
  readonly onLocalFault: (code: string) => void
  /** Ends the open sessions of a backend that went down, where the pool says so. */
  readonly closeSessionsOf: (backend: Backend) => void
}

/** What handlers may know of a pool; its rules change in place when it is configured anew. */
type Rules = { -readonly [Key in 'tls' | 'connectTimeoutMs' | 'retries']: ConnectOptions[Key] }

/** A pool with its health checks: neither knows the other, here they are wired. */
export class ManagedPool {
  readonly pool: Pool
  /** Kept-alive connections of HTTP listeners. */
  readonly idle: IdleConnections
  /** How sessions get a backend here. One object for all handlers, so that they go by the rules of the day. */
  readonly connect: ConnectOptions & Rules
  readonly #options: ManagedPoolOptions
  #config: PoolConfig
  /** What it was last given: by its configuration, or by discovery. */
  #given: readonly BackendSpec[]
  #health: HealthScheduler
  readonly #discovery: PoolDiscovery
  #isStarted = false
  readonly #strategies: StrategyMaker
  /** Those that have been up: only they can recover. */
  readonly #beenUp = new Set<Backend>()

  /** Throws what the making of a strategy of the user's throws, and a `ConfigError` where that gives none or fails at once. */
  constructor(options: ManagedPoolOptions) {
    const { config, clock, random, wheel, events, dialer } = options
    this.#options = options
    this.#config = config
    this.#given = config.backends
    this.#strategies = new StrategyMaker({ pool: config.name, clock, random, events })
    this.pool = new Pool({ ...config, strategy: this.#strategies.make(config), clock, wheel, events })
    this.idle = new IdleConnections({ wheel })
    this.connect = {
      ...rulesOf(config),
      pool: this.pool,
      dialer,
      clock,
      random,
      events,
      onConnectFailed: (backend) => this.#health.checkNow(backend),
      onLocalFault: options.onLocalFault,
    }
    this.#health = this.#makeHealth(config)
    this.#discovery = new PoolDiscovery({
      clock,
      random,
      events,
      apply: (backends) => void this.applyBackends(backends),
    })
    for (const spec of config.backends) this.#admit(spec)
    this.pool.refresh()
    if (this.pool.hasStrategyFailed) {
      throw new ConfigError([{ path: 'balance', message: this.#strategies.failure }])
    }
    this.#strategies.beginToTell()
  }

  /** As it was last configured; backends that were added at run time are not in it. */
  get config(): PoolConfig {
    return this.#config
  }

  /** Begins to look for backends that are not written out; resolves once the first look is over. Never rejects. */
  discover(): Promise<void> {
    this.#discovery.follow(this.#config)
    return this.#discovery.firstLook
  }

  /** Looks for backends now, and not only when the next look is due. */
  refreshDiscovery(): void {
    this.#discovery.refreshNow()
  }

  start(): void {
    this.#isStarted = true
    this.#health.start()
    this.#discovery.follow(this.#config)
    this.#discovery.tell()
  }

  add(spec: BackendSpec): Backend {
    const backend = this.#admit(spec)
    this.pool.refresh()
    return backend
  }

  remove(backend: Backend): void {
    this.#dismiss(backend)
    this.pool.refresh()
  }

  setMode(backend: Backend, mode: BackendMode): void {
    const before = backend.mode
    this.pool.setMode(backend, mode)
    if (mode !== 'ready') this.idle.closeAllOf(backend)
    if (mode === 'maint' && before !== 'maint') this.#health.pause(backend)
    if (mode !== 'maint' && before === 'maint') this.#health.resume(backend)
  }

  /**
   * Makes ready to go by another configuration, and gives what does it: nothing has changed before that is called,
   * and it does not fail. Throws what the making of a strategy of the user's throws, and a `ConfigError` where that gives
   * none.
   */
  prepare(next: PoolConfig): () => void {
    const before = this.#config
    const isSameStrategy =
      before.strategy === next.strategy && before.strategyFactory === next.strategyFactory
    const strategy = isSameStrategy ? undefined : this.#strategies.make(next)
    const rules = rulesOf(next)
    return () => {
      this.#config = next
      Object.assign(this.connect, rules)
      this.pool.configure(next, strategy)
      const isSameCheck = isDeepStrictEqual([before.check, before.tls], [next.check, next.tls])
      if (!isSameCheck) this.#changeChecks(next)
      this.pool.refresh()
      if (this.#isStarted) this.#discovery.follow(next)
    }
  }

  /**
   * Makes `next` of the backends that it was given last, and tells how they differ; undefined = not at all. Those that
   * are equal keep everything, open sessions live on in any case.
   */
  applyBackends(next: readonly BackendSpec[]): BackendChanges | undefined {
    const changes = diffBackends(this.#given, next)
    this.#given = next
    if (changes === undefined) return undefined
    // Before the start, nobody has heard of any backend yet.
    const events = this.#isStarted ? this.#options.events : undefined
    const pool = this.pool.name
    changeBackends(changes, {
      pool: this.pool,
      add: (spec) => {
        const backend = this.#admit(spec)
        events?.emit('backend:add', { id: spec.id, pool, address: formatAddress(spec.address) })
        return backend
      },
      remove: (backend) => {
        this.#dismiss(backend)
        events?.emit('backend:remove', { id: backend.id, pool })
      },
      setMode: (backend, mode) => this.setMode(backend, mode),
    })
    this.pool.refresh()
    return changes
  }

  /** No more checks and no idle connections; sessions that are open or queue live on. */
  retire(): void {
    this.#strategies.flush()
    this.#discovery.close()
    this.#health.close()
    this.idle.close()
  }

  /** Whether somebody still needs it. */
  get isInUse(): boolean {
    if (this.pool.queued > 0) return true
    return [...this.pool.backends.values()].some(({ active }) => active > 0)
  }

  close(): void {
    this.#strategies.flush()
    this.#discovery.close()
    this.#health.close()
    this.pool.close()
    this.idle.close()
  }

  #makeHealth(config: PoolConfig): HealthScheduler {
    const { clock, random, wheel, onLocalFault, faults, dialer } = this.#options
    return new HealthScheduler({
      check: config.check,
      tls: tlsOf(config.tls),
      // As traffic finds them: a name server that fails or is silent takes nobody down.
      lookup: dialer.resolver.lookup,
      clock,
      random,
      wheel,
      ...(faults === undefined ? {} : { wrapProbe: (probe, backend) => faults.probe(probe, backend) }),
      onResult: (backend, result) => this.#onResult(backend, result),
      onVerdict: (backend, up, reason) => this.#onVerdict(backend, up, reason),
      onLocalFault: (_backend, error) => onLocalFault(error.code ?? 'EIO'),
    })
  }

  #changeChecks(config: PoolConfig): void {
    this.#health.close()
    this.#health = this.#makeHealth(config)
    for (const backend of this.pool.backends.values()) this.#health.adopt(backend)
    if (this.#isStarted) this.#health.start()
  }

  #admit(spec: BackendSpec): Backend {
    const backend = this.pool.add(spec)
    this.#health.watch(backend)
    if (backend.healthy) this.#beenUp.add(backend)
    return backend
  }

  #dismiss(backend: Backend): void {
    this.#health.unwatch(backend)
    this.#beenUp.delete(backend)
    this.pool.remove(backend)
    this.idle.closeAllOf(backend)
  }

  #onResult(backend: Backend, result: CheckResult): void {
    const { events } = this.#options
    if (result.ok) this.pool.checkPassed(backend, testedBy(this.#config.check))
    if (events.wants('backend:check')) {
      events.emit('backend:check', { id: backend.id, pool: backend.pool, result })
    }
  }

  #onVerdict(backend: Backend, up: boolean, reason: string): void {
    const { events, closeSessionsOf } = this.#options
    this.pool.healthChanged(backend, { isRecovery: up && this.#beenUp.has(backend) })
    if (up) this.#beenUp.add(backend)
    if (!up) this.idle.closeAllOf(backend)
    events.emit(up ? 'backend:up' : 'backend:down', { id: backend.id, pool: backend.pool, reason })
    if (!up && this.#config.onDown === 'close') closeSessionsOf(backend)
  }
}

function rulesOf({ tls, connectTimeoutMs, retries }: PoolConfig): Rules {
  return { tls: verificationOf(tls), connectTimeoutMs, retries }
}

function tlsOf({ ca, verify }: PoolConfig['tls']): ConnectionOptions {
  return { rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }) }
}

/** What checks test of all that traffic does: a passed one takes back an ejection for that. */
function testedBy({ kind, port }: PoolConfig['check']): ReadonlySet<FailureKind> {
  return port === undefined ? TESTED_BY[kind] : TESTED_BY.off
}

const TESTED_BY: Readonly<Record<PoolConfig['check']['kind'], ReadonlySet<FailureKind>>> = {
  tcp: new Set(['connect']),
  http: new Set(['connect', 'request']),
  custom: new Set(),
  off: new Set(),
}
