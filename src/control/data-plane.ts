import type { Config, ListenerConfig, PoolConfig } from '../config/schema.ts'
import type { Backend } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import { wait } from '../core/clock.ts'
import type { Events } from '../core/events.ts'
import { runSteps } from '../core/steps.ts'
import { TimerWheel } from '../core/timer-wheel.ts'
import type { FaultBoard } from '../faults/fault-board.ts'
import { ForwardHttp } from '../handlers/http/forward-http.ts'
import type { ForwardHttpOptions, HttpPool } from '../handlers/http/forward-http.ts'
import { ForwardTcp } from '../handlers/forward-tcp.ts'
import type { Handler } from '../handlers/handler.ts'
import { descriptorLimit, openDescriptors, operatorDescriptors, sessionsWithin } from '../net/descriptors.ts'
import { Dialer } from '../net/dial.ts'
import type { Io } from '../net/io.ts'
import { Resolver } from '../net/resolver.ts'
import type { Session, SessionOutcome } from '../net/session.ts'
import { Listener } from './listener.ts'
import { LocalFaults } from './local-faults.ts'
import { ManagedPool } from './managed-pool.ts'
import { countBytes } from './take-snapshot.ts'
import { wheelResolution } from './wheel-resolution.ts'

/** Descriptors kept free for logs, name look-ups and whatever the embedding program does. */
const RESERVED_DESCRIPTORS = 16

/** A start or a reload waits so long for the first answers of discovery. */
const MOST_DISCOVERY_MS = 5_000

const BACKEND_DOWN: SessionOutcome = { code: 'DD', reason: 'backend-down' }

export interface Means {
  readonly io: Io
  readonly clock: Clock
  readonly random: () => number
  readonly events: Events
  /** Where faults on purpose are allowed. */
  readonly faults: FaultBoard | undefined
}

/** A pool by its name, and the configuration that it runs by, or soon will. */
export type PoolOf = (name: string) => { readonly managed: ManagedPool; readonly config: PoolConfig }

/**
 * Everything that runs: the pools and the listeners of one configuration, and those of earlier ones that still have
 * sessions. It obeys; what is to be done is decided by the balancer and at a reload.
 */
export class DataPlane {
  readonly means: Means
  readonly wheel: TimerWheel
  /** In the order of the configuration. */
  pools: readonly ManagedPool[] = []
  listeners: readonly Listener[] = []
  readonly #dialer: Dialer
  readonly #faults: LocalFaults
  /** Closed by a reload, with sessions that are still open. */
  readonly #oldListeners = new Set<Listener>()
  readonly #oldPools = new Set<ManagedPool>()
  /** By others: what this program opened itself. */
  readonly #openAtStart = openDescriptors()
  #sessionId = 0

  constructor(config: Config, means: Means) {
    this.means = means
    const { clock, io, events, faults } = means
    this.wheel = new TimerWheel({ clock, resolutionMs: wheelResolution(config) })
    const dialling = { io, resolver: new Resolver({ clock }), wheel: this.wheel }
    this.#dialer = faults?.dialer(dialling) ?? new Dialer(dialling)
    this.#faults = new LocalFaults({ clock, events })
    this.pools = config.pools.map((pool) => this.makePool(pool))
    const share = this.affordableSessions(config)
    this.listeners = config.listeners.map((listener) => this.makeListener(listener, share))
  }

  /** Those that a reload closed and that still have sessions come last. */
  get allListeners(): readonly Listener[] {
    return [...this.listeners, ...this.#oldListeners]
  }

  get sessionCount(): number {
    return this.allListeners.reduce((sum, { sessions }) => sum + sessions.size, 0)
  }

  /** Each listener's open sessions. One list of all would be garbage with each of them that is looked at. */
  get sessionLists(): readonly ReadonlySet<Session>[] {
    return this.allListeners.map(({ sessions }) => sessions)
  }

  *sessions(): Generator<Session> {
    for (const listener of this.allListeners) yield* listener.sessions
  }

  poolNamed(name: string): ManagedPool | undefined {
    return this.pools.find(({ pool }) => pool.name === name)
  }

  /** Not started. */
  makePool(config: PoolConfig): ManagedPool {
    const { clock, random, events, faults } = this.means
    return new ManagedPool({
      config,
      dialer: this.#dialer,
      clock,
      random,
      wheel: this.wheel,
      events,
      faults,
      onLocalFault: (code) => this.#onLocalFault(code),
      closeSessionsOf: (backend) => this.abortSessionsOf(backend, BACKEND_DOWN),
    })
  }

  /** Not open. `share`: most sessions where the configuration names no limit. */
  makeListener(config: ListenerConfig, share: number, poolOf: PoolOf = this.#poolOf): Listener {
    const { clock, io, events, faults } = this.means
    return new Listener({
      config,
      maxConnections: config.maxConnections ?? share,
      handler: this.makeHandler(config, poolOf),
      io: faults?.io(io, config.name) ?? io,
      clock,
      events,
      nextSessionId: () => ++this.#sessionId,
    })
  }

  makeHandler(config: ListenerConfig, poolOf: PoolOf): Handler {
    const { clock, random, events } = this.means
    if (config.http === undefined) {
      return new ForwardTcp(poolOf(config.pool).managed.connect, { ...config, wheel: this.wheel })
    }
    return new ForwardHttp({ ...this.httpOptions(config, poolOf), clock, random, wheel: this.wheel, events })
  }

  /** What a handler of HTTP has of its configuration. */
  httpOptions(
    config: ListenerConfig,
    poolOf: PoolOf,
  ): Pick<ForwardHttpOptions, 'config' | 'listener' | 'pool' | 'poolOf' | 'relay'> {
    if (config.http === undefined) throw new Error(`listener ${config.name} is not in HTTP mode`)
    return {
      config: config.http,
      listener: config.name,
      pool: config.pool,
      poolOf: (name) => httpPoolOf(poolOf(name)),
      relay: { ...config, wheel: this.wheel },
    }
  }

  /**
   * Each listener's share of what the descriptors allow: of those that were free at the start. What is open at a reload
   * are the sessions themselves, which the share is for.
   */
  affordableSessions({ listeners, pools, admin }: Config): number {
    const checks = pools.reduce((sum, { backends }) => sum + backends.length, 0)
    const limit = descriptorLimit()
    const operators = admin === undefined ? 0 : operatorDescriptors(limit)
    const reserve = RESERVED_DESCRIPTORS + checks + listeners.length + operators
    const all = sessionsWithin({ limit, open: this.#openAtStart, reserve })
    return Math.max(1, Math.floor(all / Math.max(1, listeners.length)))
  }

  resetCounters(): void {
    // What open sessions have moved so far is not to be counted afterwards.
    runSteps(countBytes(this.sessionLists))
    for (const { pool } of this.pools) {
      pool.resetCounters()
      for (const backend of pool.backends.values()) backend.resetCounters()
    }
    for (const listener of this.listeners) listener.resetCounters()
  }

  abortSessionsOf(backend: Backend, outcome: SessionOutcome): void {
    for (const { holder } of this.sessions()) if (holder?.backend === backend) holder.abort(outcome)
  }

  /**
   * Waits until pools whose backends are discovered have heard of them for the first time, or could not; for 5 s at most,
   * and no longer than until `signal` aborts. Whoever is accepted then finds them.
   */
  async discover(pools: readonly ManagedPool[], signal?: AbortSignal): Promise<void> {
    const discovered = pools.filter(({ config }) => config.discovery !== undefined)
    if (discovered.length === 0) return
    const enough = new AbortController()
    const patience = AbortSignal.any(signal === undefined ? [enough.signal] : [enough.signal, signal])
    const looks = Promise.all(discovered.map((managed) => managed.discover()))
    await Promise.race([looks, wait(this.means.clock, MOST_DISCOVERY_MS, patience)])
    enough.abort()
  }

  /** Accepts no more there; remembered until its last session is over. */
  retireListener(listener: Listener): void {
    listener.stop()
    this.#oldListeners.add(listener)
    void listener.whenEmpty().then(() => this.#oldListeners.delete(listener))
  }

  /** Gives nobody a backend any more but those who have one or queue for one. */
  retirePool(managed: ManagedPool): void {
    managed.retire()
    for (const old of this.#oldPools) {
      if (old.isInUse) continue
      old.close()
      this.#oldPools.delete(old)
    }
    this.#oldPools.add(managed)
  }

  /** Accepts no more anywhere; resolves once no session is open. */
  async drain(): Promise<void> {
    for (const listener of this.listeners) listener.stop()
    await Promise.all(this.allListeners.map((listener) => listener.whenEmpty()))
  }

  /** Resets all sessions and stops everything; tells how many sessions there were. */
  close(outcome: SessionOutcome): number {
    let cut = 0
    for (const listener of this.allListeners) {
      listener.stop()
      cut += listener.abortAll(outcome)
    }
    // After the sessions: those that queue are killed, and do not end for want of a backend.
    for (const managed of [...this.pools, ...this.#oldPools]) managed.close()
    this.means.faults?.close()
    this.#faults.flush()
    return cut
  }

  readonly #poolOf: PoolOf = (name) => {
    const managed = this.poolNamed(name) as ManagedPool
    return { managed, config: managed.config }
  }

  #onLocalFault(code: string): void {
    // Connections kept for later give way to those that are needed now; the attempt that failed is made again.
    if (code === 'EMFILE' || code === 'ENFILE') for (const { idle } of this.pools) idle.closeAll()
    this.#faults.report(code)
  }
}

function httpPoolOf({ managed, config }: ReturnType<PoolOf>): HttpPool {
  const { connect, idle } = managed
  return { connect, idle, stickiness: config.stickiness }
}
