import type { ConnectionOptions } from 'node:tls'
import type { PoolConfig } from '../config/schema.ts'
import type { Backend, BackendMode, BackendSpec, CheckResult } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Events } from '../core/events.ts'
import type { Strategy } from '../core/strategy.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import { HealthScheduler } from '../health/scheduler.ts'
import { IdleConnections } from '../pool/idle-connections.ts'
import type { TlsVerification } from '../net/socket-io.ts'
import { verificationOf } from '../net/tls-verification.ts'
import type { FailureKind } from '../pool/ejector.ts'
import { Pool } from '../pool/pool.ts'

export interface ManagedPoolOptions {
  readonly config: PoolConfig
  readonly strategy: Strategy
  readonly clock: Clock
  readonly random: () => number
  readonly wheel: TimerWheel
  readonly events: Events
  /** The system refused us something for a check. */
  readonly onLocalFault: (code: string) => void
  /** Ends the open sessions of a backend that went down, where the pool says so. */
  readonly closeSessionsOf: (backend: Backend) => void
}

/** A pool with its health checks: neither knows the other, here they are wired. */
export class ManagedPool {
  readonly config: PoolConfig
  readonly pool: Pool
  /** Kept-alive connections of HTTP listeners. */
  readonly idle: IdleConnections
  /** How its TLS backends are verified. */
  readonly tls: TlsVerification
  readonly #options: ManagedPoolOptions
  readonly #health: HealthScheduler
  /** What checks test of all that traffic does: a passed one takes back an ejection for that. */
  readonly #tested: ReadonlySet<FailureKind>
  /** Those that have been up: only they can recover. */
  readonly #beenUp = new Set<Backend>()

  constructor(options: ManagedPoolOptions) {
    const { config, clock, random, wheel, events } = options
    this.#options = options
    this.config = config
    this.pool = new Pool({ ...config, strategy: options.strategy, clock, wheel, events })
    this.idle = new IdleConnections({ wheel, clock })
    this.tls = verificationOf(config.tls)
    const { kind, port } = config.check
    this.#tested = port === undefined ? TESTED_BY[kind] : TESTED_BY.off
    this.#health = new HealthScheduler({
      check: config.check,
      tls: tlsOf(config.tls),
      clock,
      random,
      wheel,
      onResult: (backend, result) => this.#onResult(backend, result),
      onVerdict: (backend, up, reason) => this.#onVerdict(backend, up, reason),
      onLocalFault: (_backend, error) => options.onLocalFault(error.code ?? 'EIO'),
    })
    for (const spec of config.backends) this.#admit(spec)
    this.pool.refresh()
  }

  start(): void {
    this.#health.start()
  }

  add(spec: BackendSpec): Backend {
    const backend = this.#admit(spec)
    this.pool.refresh()
    return backend
  }

  remove(backend: Backend): void {
    this.#health.unwatch(backend)
    this.#beenUp.delete(backend)
    this.pool.remove(backend)
    this.idle.closeAllOf(backend)
    this.pool.refresh()
  }

  setMode(backend: Backend, mode: BackendMode): void {
    const before = backend.mode
    this.pool.setMode(backend, mode)
    if (mode !== 'ready') this.idle.closeAllOf(backend)
    if (mode === 'maint' && before !== 'maint') this.#health.pause(backend)
    if (mode !== 'maint' && before === 'maint') this.#health.resume(backend)
  }

  /** Traffic failed to connect: the next active check runs at once. */
  connectFailed(backend: Backend): void {
    this.#health.checkNow(backend)
  }

  close(): void {
    this.#health.close()
    this.pool.close()
    this.idle.close()
  }

  #admit(spec: BackendSpec): Backend {
    const backend = this.pool.add(spec)
    this.#health.watch(backend)
    if (backend.healthy) this.#beenUp.add(backend)
    return backend
  }

  #onResult(backend: Backend, result: CheckResult): void {
    const { events } = this.#options
    if (result.ok) this.pool.checkPassed(backend, this.#tested)
    if (events.wants('backend:check')) {
      events.emit('backend:check', { id: backend.id, pool: backend.pool, result })
    }
  }

  #onVerdict(backend: Backend, up: boolean, reason: string): void {
    const { events, config, closeSessionsOf } = this.#options
    this.pool.healthChanged(backend, { isRecovery: up && this.#beenUp.has(backend) })
    if (up) this.#beenUp.add(backend)
    if (!up) this.idle.closeAllOf(backend)
    events.emit(up ? 'backend:up' : 'backend:down', { id: backend.id, pool: backend.pool, reason })
    if (!up && config.onDown === 'close') closeSessionsOf(backend)
  }
}

function tlsOf({ ca, verify }: PoolConfig['tls']): ConnectionOptions {
  return { rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }) }
}

const TESTED_BY: Readonly<Record<PoolConfig['check']['kind'], ReadonlySet<FailureKind>>> = {
  tcp: new Set(['connect']),
  http: new Set(['connect', 'request']),
  custom: new Set(),
  off: new Set(),
}
