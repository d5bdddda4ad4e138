import type { BackendOptions, BalancerOptions } from '../config/options.ts'
import { parseBackend, resolveOptions } from '../config/resolve.ts'
import type { Config, ListenerConfig, PoolConfig } from '../config/schema.ts'
import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'
import type { Backend, BackendMode } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import { systemClock, wait } from '../core/clock.ts'
import { ClosedError, ConfigError, UnknownBackendError } from '../core/errors.ts'
import { Events } from '../core/events.ts'
import { ReloadCounters } from '../core/reload-counters.ts'
import type { Snapshot } from '../core/snapshot.ts'
import { TimerWheel } from '../core/timer-wheel.ts'
import { strategies } from '../balance/strategies.ts'
import type { StrategyName } from '../balance/strategies.ts'
import type { ConnectOptions } from '../handlers/connector.ts'
import { ForwardTcp } from '../handlers/forward-tcp.ts'
import { ForwardHttp } from '../handlers/http/forward-http.ts'
import type { HttpPool } from '../handlers/http/forward-http.ts'
import { Dialer } from '../net/dial.ts'
import { descriptorLimit, openDescriptors, sessionsWithin } from '../net/descriptors.ts'
import type { Io } from '../net/io.ts'
import { loadIo } from '../net/io.ts'
import type { RelayOptions } from '../net/relay.ts'
import { Resolver } from '../net/resolver.ts'
import type { SessionOutcome } from '../net/session.ts'
import { Listener } from './listener.ts'
import { LocalFaults } from './local-faults.ts'
import { ManagedPool } from './managed-pool.ts'
import { openBytes, takeSnapshot } from './take-snapshot.ts'
import { wheelResolution } from './wheel-resolution.ts'

/** Descriptors kept free for logs, name look-ups and whatever the embedding program does. */
const RESERVED_DESCRIPTORS = 16

const KILLED: SessionOutcome = { code: 'KD', reason: 'shutdown' }
const BACKEND_DOWN: SessionOutcome = { code: 'DD', reason: 'backend-down' }

/**
 * Starts a balancer and resolves once it listens. Accepting does not wait for health checks.
 *
 * @throws {ConfigError} with every problem of the options at once.
 * @throws {ListenError} when the address cannot be had.
 */
export async function createBalancer(options: BalancerOptions): Promise<Balancer> {
  const config = resolveOptions(options)
  options.signal?.throwIfAborted()
  const balancer = new Balancer(config, {
    io: await loadIo(options.io),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  })
  await balancer.start(options.signal)
  return balancer
}

interface Means {
  readonly io: Io
  readonly clock: Clock
  readonly random: () => number
}

/**
 * A running balancer: the one port through which it is watched and steered. Emits {@link BalancerEvents}.
 * Backends are named by their id, or by `pool/id` where there are several pools.
 */
export class Balancer extends Events {
  readonly config: Config
  readonly #means: Means
  readonly #wheel: TimerWheel
  readonly #dialer: Dialer
  readonly #pools: readonly ManagedPool[]
  readonly #listeners: readonly Listener[]
  readonly #faults: LocalFaults
  readonly #startedAt: number
  readonly #reloads: ReloadCounters
  #state: Snapshot['state'] = 'running'
  #version = 1
  #sessionId = 0
  /** Sessions that closing had to reset. */
  #cut = 0
  #closing: Promise<void> | undefined
  #stopListeningForAbort: (() => void) | undefined

  /** Use {@link createBalancer}. */
  constructor(config: Config, means: Means) {
    super()
    // A test may well wait for a dozen events at once.
    this.setMaxListeners(0)
    this.config = config
    this.#means = means
    const { clock, io } = means
    this.#startedAt = clock.wallTime()
    this.#reloads = new ReloadCounters(this.#startedAt)
    // Not only ours: a file that cannot be read is a failed reload as well, told by whoever reads it.
    this.on('config:reload', (report) => this.#reloads.note(report))
    this.#wheel = new TimerWheel({ clock, resolutionMs: wheelResolution(config) })
    this.#dialer = new Dialer({ io, resolver: new Resolver({ clock }), wheel: this.#wheel })
    this.#faults = new LocalFaults({ clock, events: this })
    this.#pools = config.pools.map((pool) => this.#makePool(pool))
    this.#listeners = config.listeners.map((listener) => this.#makeListener(listener))
  }

  /** The first listener's address; a port 0 has become a real one. */
  get address(): Address {
    return (this.#listeners[0] as Listener).address
  }

  get addresses(): readonly Address[] {
    return this.#listeners.map(({ address }) => address)
  }

  /** The first listener's port, for tests that connect by number; 0 on a unix socket. */
  get port(): number {
    const { address } = this
    return address.kind === 'tcp' ? address.port : 0
  }

  get state(): Snapshot['state'] {
    return this.#state
  }

  /** Everything that it knows, as plain data. */
  snapshot(): Snapshot {
    return takeSnapshot({
      at: this.#means.clock.wallTime(),
      startedAt: this.#startedAt,
      state: this.#state,
      version: this.#version,
      reloads: this.#reloads,
      listeners: this.#listeners,
      pools: this.#pools,
    })
  }

  /** Counters and histograms back to zero; gauges, health and open sessions stay. */
  resetCounters(): void {
    const open = openBytes(this.#listeners)
    for (const { pool } of this.#pools) {
      pool.resetCounters()
      for (const backend of pool.backends.values()) backend.resetCounters(open.get(backend))
    }
    for (const listener of this.#listeners) listener.resetCounters()
    this.#reloads.reset()
    this.emit('counters:reset', { at: this.#means.clock.wallTime() })
  }

  /**
   * `ready`; `drain`: no new sessions, open ones live on, checks go on; `maint`: as drain, and no checks.
   * @throws {UnknownBackendError}
   */
  setMode(id: string, mode: BackendMode): void {
    const { managed, backend } = this.#find(id)
    if (mode !== 'ready' && mode !== 'drain' && mode !== 'maint') {
      throw new ConfigError([{ path: 'mode', message: `${String(mode)} is none of ready, drain, maint` }])
    }
    if (backend.mode === mode) return
    managed.setMode(backend, mode)
    this.#version++
    this.emit('backend:mode', { id: backend.id, pool: backend.pool, mode })
  }

  /**
   * 0 to 256; 0 takes no new sessions.
   * @throws {UnknownBackendError}
   */
  setWeight(id: string, weight: number): void {
    const { managed, backend } = this.#find(id)
    if (!Number.isInteger(weight) || weight < 0 || weight > 256) {
      throw new ConfigError([{ path: 'weight', message: `${weight} is no whole number from 0 to 256` }])
    }
    if (backend.weight === weight) return
    managed.pool.setWeight(backend, weight)
    this.#version++
    this.emit('backend:weight', { id: backend.id, pool: backend.pool, weight })
  }

  /**
   * Adds a backend and gives its id. Its first check runs at once.
   * @throws {ConfigError} when it cannot be read, or the pool has one of that id or address already.
   */
  addBackend(backend: number | string | BackendOptions, { pool }: { pool?: string } = {}): string {
    this.#assertOpen()
    const managed =
      pool === undefined ? this.#pools[0] : this.#pools.find(({ config }) => config.name === pool)
    if (managed === undefined) throw new ConfigError([{ path: 'pool', message: `no pool ${String(pool)}` }])
    const spec = parseBackend(backend, { maxConnections: managed.config.backendMaxConnections })
    const address = formatAddress(spec.address)
    for (const known of managed.pool.backends.values()) {
      if (known.id !== spec.id && formatAddress(known.address) !== address) continue
      throw new ConfigError([
        { path: 'backend', message: `${known.id} (${address}) is in pool ${managed.pool.name} already` },
      ])
    }
    managed.add(spec)
    this.#version++
    this.emit('backend:add', { id: spec.id, pool: managed.pool.name, address })
    return spec.id
  }

  /**
   * Takes a backend out. Its open sessions live on; `close` resets them.
   * @throws {UnknownBackendError}
   */
  removeBackend(id: string, { close = false }: { close?: boolean } = {}): void {
    const { managed, backend } = this.#find(id)
    managed.remove(backend)
    if (close) this.#abortSessionsOf(backend, { code: 'KD', reason: 'backend-removed' })
    this.#version++
    this.emit('backend:remove', { id: backend.id, pool: backend.pool })
  }

  /**
   * Accepts no more, lets open sessions finish until the deadline, resets what is left, and closes.
   * @param options.timeoutMs the deadline; default the configured one (30 s), 0 = as long as it takes.
   * @returns how many sessions were cut.
   */
  async drain(options: { timeoutMs?: number } = {}): Promise<{ cut: number }> {
    this.#assertOpen()
    const timeoutMs = options.timeoutMs ?? this.config.shutdownTimeoutMs
    this.#state = 'draining'
    this.emit('drain:start', { sessions: this.#countSessions(), timeoutMs })
    for (const listener of this.#listeners) listener.stop()
    const empty = Promise.all(this.#listeners.map((listener) => listener.whenEmpty()))
    await this.#within(empty, timeoutMs)
    await this.close()
    const cut = this.#cut
    this.emit('drain:end', { cut })
    return { cut }
  }

  /** Stops at once: open sessions are reset, and no timer, socket or check is left. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Called by {@link createBalancer}. */
  async start(signal: AbortSignal | undefined): Promise<void> {
    try {
      for (const listener of this.#listeners) await listener.open()
    } catch (error) {
      await this.close()
      throw error
    }
    // A turn later, so that whoever awaits us hears of the first results too.
    setImmediate(() => {
      for (const managed of this.#pools) managed.start()
    })
    if (signal === undefined) return
    const onAbort = (): void => void this.close()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#stopListeningForAbort = () => signal.removeEventListener('abort', onAbort)
    if (signal.aborted) await this.close()
  }

  async #close(): Promise<void> {
    this.#state = 'closed'
    this.#stopListeningForAbort?.()
    for (const listener of this.#listeners) {
      listener.stop()
      this.#cut += listener.abortAll(KILLED)
    }
    // After the sessions: those that queue are killed, and do not end for want of a backend.
    for (const managed of this.#pools) managed.close()
    this.#faults.flush()
    // Closed handles are gone one turn of the loop later.
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Waits for `done`, for at most `timeoutMs` (0 = for ever), or until somebody closes. */
  async #within(done: Promise<unknown>, timeoutMs: number): Promise<void> {
    if (timeoutMs === 0) return void (await done)
    const enough = new AbortController()
    await Promise.race([done, wait(this.#means.clock, timeoutMs, enough.signal)])
    enough.abort()
  }

  #countSessions(): number {
    return this.#listeners.reduce((sum, { active }) => sum + active, 0)
  }

  #makePool(config: PoolConfig): ManagedPool {
    const { clock, random } = this.#means
    const factory = config.strategyFactory ?? strategies[config.strategy as StrategyName]
    return new ManagedPool({
      config,
      strategy: factory({ random }),
      clock,
      random,
      wheel: this.#wheel,
      events: this,
      onLocalFault: (code) => this.#onLocalFault(code),
      closeSessionsOf: (backend) => this.#abortSessionsOf(backend, BACKEND_DOWN),
    })
  }

  #makeListener(config: ListenerConfig): Listener {
    const { clock, random, io } = this.#means
    const relay: RelayOptions = { ...config, wheel: this.#wheel }
    const handler =
      config.http === undefined
        ? new ForwardTcp({ ...this.#poolNamed(config.pool).connect, relay })
        : new ForwardHttp({
            config: config.http,
            listener: config.name,
            pool: config.pool,
            poolOf: (name) => this.#poolNamed(name),
            relay,
            clock,
            random,
            wheel: this.#wheel,
            events: this,
          })
    return new Listener({
      config,
      maxConnections: config.maxConnections ?? this.#affordableSessions(),
      handler,
      io,
      clock,
      events: this,
      nextSessionId: () => ++this.#sessionId,
    })
  }

  /** A pool as handlers get at it. */
  #poolNamed(name: string): HttpPool {
    const { clock, random } = this.#means
    const managed = this.#pools.find(({ pool }) => pool.name === name) as ManagedPool
    const { connectTimeoutMs, retries, stickiness } = managed.config
    const connect: ConnectOptions = {
      pool: managed.pool,
      dialer: this.#dialer,
      clock,
      random,
      events: this,
      tls: managed.tls,
      connectTimeoutMs,
      retries,
      onConnectFailed: (backend) => managed.connectFailed(backend),
      onLocalFault: (code) => this.#onLocalFault(code),
    }
    return { connect, idle: managed.idle, stickiness }
  }

  /** Each listener's share of what the descriptors allow. */
  #affordableSessions(): number {
    const checks = this.#pools.reduce((sum, { pool }) => sum + pool.backends.size, 0)
    const reserve = RESERVED_DESCRIPTORS + checks + this.config.listeners.length
    const all = sessionsWithin({ limit: descriptorLimit(), open: openDescriptors(), reserve })
    return Math.max(1, Math.floor(all / this.config.listeners.length))
  }

  #onLocalFault(code: string): void {
    // Connections kept for later give way to those that are needed now; the attempt that failed is made again.
    if (code === 'EMFILE' || code === 'ENFILE') for (const { idle } of this.#pools) idle.closeAll()
    this.#faults.report(code)
  }

  #abortSessionsOf(backend: Backend, outcome: SessionOutcome): void {
    for (const { sessions } of this.#listeners) {
      for (const { holder } of sessions) if (holder?.backend === backend) holder.abort(outcome)
    }
  }

  #find(id: string): { managed: ManagedPool; backend: Backend } {
    this.#assertOpen()
    for (const managed of this.#pools) {
      for (const backend of managed.pool.backends.values()) {
        if (backend.id === id || `${backend.pool}/${backend.id}` === id) return { managed, backend }
      }
    }
    throw new UnknownBackendError(
      id,
      this.#pools.flatMap(({ pool }) => [...pool.backends.keys()]),
    )
  }

  #assertOpen(): void {
    if (this.#state === 'closed') throw new ClosedError()
  }
}
