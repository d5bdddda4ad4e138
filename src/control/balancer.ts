import type { EventEmitter } from 'node:events'
import type { BackendOptions, BalancerOptions } from '../config/options.ts'
import { resolveOptions } from '../config/resolve.ts'
import type { Config } from '../config/schema.ts'
import type { Address } from '../core/address.ts'
import type { BackendMode } from '../core/backend.ts'
import { FaultsOffError } from '../core/errors.ts'
import type { BalancerEvents, EventName } from '../core/events.ts'
import type { Explanation, ExplainRequest } from '../core/explanation.ts'
import { ReloadCounters } from '../core/reload-counters.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import type { LiveSnapshot, SessionSnapshot, Snapshot } from '../core/snapshot.ts'
import { runSteps } from '../core/steps.ts'
import type { Steps } from '../core/steps.ts'
import type { Faults } from '../faults/faults.ts'
import type { InheritedSockets } from '../net/inherited-sockets.ts'
import type { Session, SessionOutcome } from '../net/session.ts'
import { assertMs } from './assert-ms.ts'
import { assertCallOptions } from './call-options.ts'
import { OperatorCommands } from './commands.ts'
import { DataPlane } from './data-plane.ts'
import type { Means } from './data-plane.ts'
import { explain } from './explain.ts'
import { LifeCycle } from './life-cycle.ts'
import type { Listener } from './listener.ts'
import { copySession, SessionChoice, visitSessions } from './open-sessions.ts'
import type { SessionFilter } from './port.ts'
import { Reloader } from './reloader.ts'
import { liveSnapshot, passingSnapshot, takeSnapshot } from './take-snapshot.ts'
import type { PassingSnapshot, SnapshotSource } from './take-snapshot.ts'
import { Witness } from './witness.ts'
import type { TestOptions } from './witness.ts'
import { Witnessed } from './witnessed.ts'

const KILLED: SessionOutcome = { code: 'KD', reason: 'killed' }

export interface StartOptions extends Pick<BalancerOptions, 'signal' | 'clock' | 'random'>, TestOptions {
  /** Sockets that were opened for this process; they are dealt out among the listeners, and the rest is closed. */
  readonly inherited?: InheritedSockets | undefined
  /** Called once, before the first address is opened. */
  readonly onOpening?: (() => void) | undefined
  /** Awaited once it listens, before the first checks: what it begins hears of their results. */
  readonly onListening?: ((balancer: Balancer) => Promise<void>) | undefined
}

/**
 * A running balancer: the one port through which it is watched and steered. Emits {@link BalancerEvents}.
 * Backends are named by their id, or by `pool/id` where there are several pools.
 */
export class Balancer extends Witnessed {
  readonly #means: Means
  readonly #plane: DataPlane
  readonly #commands: OperatorCommands
  readonly #reloader: Reloader
  readonly #life: LifeCycle
  protected readonly witness: Witness
  /** Whether closing looks for leaks. */
  readonly #asserts: boolean
  readonly #startedAt: number
  readonly #reloads: ReloadCounters
  #config: Config
  #version: number

  /** Use `createBalancer`. */
  constructor(config: Config, means: Omit<Means, 'events'>, test: TestOptions = {}) {
    super()
    // A test may well wait for a dozen events at once.
    this.setMaxListeners(0)
    this.#config = config
    this.#means = { ...means, events: this }
    if (means.faults !== undefined) means.faults.events = this
    this.#startedAt = means.clock.wallTime()
    // Not 1: what somebody knows of an earlier run must not pass for the present state.
    this.#version = Math.floor(this.#startedAt)
    this.#reloads = new ReloadCounters(this.#startedAt)
    // Not only ours: a file that cannot be read is a failed reload as well, told by whoever reads it.
    this.on('config:reload', (report) => this.#reloads.note(report))
    this.#plane = new DataPlane(config, this.#means)
    this.#commands = new OperatorCommands(this.#plane)
    this.#asserts = test.assertNoLeaks === true
    this.witness = new Witness({
      plane: this.#plane,
      config: () => this.#config,
      snapshot: () => this.snapshot(),
      test,
    })
    this.#life = new LifeCycle({
      plane: this.#plane,
      clock: means.clock,
      reloadsSettled: () => (this.#reloader.isBusy ? this.#reloader.settled() : undefined),
      onClosed: () => this.witness.close(),
    })
    this.#reloader = new Reloader(this.#plane, {
      wallTime: () => means.clock.wallTime(),
      stopping: this.#life.stopping,
    })
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config
  }

  /**
   * Faults on purpose, for tests.
   * @throws {FaultsOffError} unless they were switched on at the start: `faults: true`.
   */
  get faults(): Faults {
    if (this.#means.faults === undefined) throw new FaultsOffError()
    return this.#means.faults
  }

  /** The first listener's address; a port 0 has become a real one. */
  get address(): Address {
    return (this.#plane.listeners[0] as Listener).address
  }

  get addresses(): readonly Address[] {
    return this.#plane.listeners.map(({ address }) => address)
  }

  /** The first listener's port, for tests that connect by number; 0 on a unix socket. */
  get port(): number {
    const { address } = this
    return address.kind === 'tcp' ? address.port : 0
  }

  get state(): Snapshot['state'] {
    return this.#life.state
  }

  /** Grows with every commanded change; begins with the time of the start, in ms, so that none of an earlier run comes again. */
  get version(): number {
    return this.#version
  }

  /** Everything that it knows, as plain data. */
  snapshot(): Snapshot {
    return runSteps(takeSnapshot(this.#snapshotSource()))
  }

  /** The same step by step, with backends that are as they are whenever they are looked at. */
  liveSnapshot(): Steps<LiveSnapshot> {
    return liveSnapshot(this.#snapshotSource())
  }

  /** The same for whoever writes it down once: its backends pass one by one; each is good until the next is asked for. */
  passingSnapshot(): Steps<PassingSnapshot> {
    return passingSnapshot(this.#snapshotSource())
  }

  #snapshotSource(): SnapshotSource {
    return {
      at: this.#means.clock.wallTime(),
      startedAt: this.#startedAt,
      state: this.#life.state,
      version: this.#version,
      reloads: this.#reloads,
      listeners: this.#plane.listeners,
      sessions: this.#plane.sessionLists,
      pools: this.#plane.pools,
    }
  }

  /**
   * The open sessions that `filter` means, the oldest first; at most 1,000 unless it says otherwise.
   * @throws {ConfigError} for a filter that is none
   */
  sessions(filter: SessionFilter = {}): readonly SessionSnapshot[] {
    const sessions: SessionSnapshot[] = []
    runSteps(this.visitSessions(filter, (session) => sessions.push(copySession(session))))
    return sessions
  }

  /** The same step by step, each as it is when its turn has come. What `visit` is given is good for that call alone. */
  visitSessions(filter: SessionFilter, visit: (session: SessionSnapshot) => void): Steps<void> {
    const choice = new SessionChoice(filter, this.#plane.pools)
    return visitSessions(this.#plane.sessionLists, {
      choice,
      most: filter.most,
      clock: this.#means.clock,
      visit,
    })
  }

  /** Open sessions, those of listeners that a reload has closed included. */
  get sessionCount(): number {
    return this.#plane.sessionCount
  }

  /** Resets an open session; false where there is none of that number. */
  killSession(id: number): boolean {
    for (const session of this.#plane.sessions()) if (session.id === id) return kill(session)
    return false
  }

  /**
   * Resets the open sessions that `filter` means, all of them; tells how many.
   * @throws {ConfigError} for a filter that is none: it does not mean everything
   */
  killSessions(filter: SessionFilter): number {
    const choice = new SessionChoice(filter, this.#plane.pools)
    const meant = [...this.#plane.sessions()].filter((session) => choice.means(session))
    const most = filter.most ?? Infinity
    return meant.slice(0, most).filter(kill).length
  }

  /**
   * `ready`; `drain`: no new sessions, open ones live on, checks go on; `maint`: as drain, and no checks.
   * @throws {UnknownBackendError}
   * @throws {ConfigError} for another mode
   * @throws {ClosedError}
   */
  setMode(id: string, mode: BackendMode): void {
    this.#life.assertOpen()
    const changed = this.#commands.setMode(id, mode)
    if (changed !== undefined) this.#tell('backend:mode', { ...changed, mode })
  }

  /**
   * 0 to 256; 0 takes no new sessions.
   * @throws {UnknownBackendError}
   * @throws {ConfigError} for another weight
   * @throws {ClosedError}
   */
  setWeight(id: string, weight: number): void {
    this.#life.assertOpen()
    const changed = this.#commands.setWeight(id, weight)
    if (changed !== undefined) this.#tell('backend:weight', { ...changed, weight })
  }

  /**
   * Most sessions at once on a backend, 0 = unlimited; open ones over it live on.
   * @throws {UnknownBackendError}
   * @throws {ConfigError} for another limit
   * @throws {ClosedError}
   */
  setMaxConnections(id: string, maxConnections: number): void {
    this.#life.assertOpen()
    const changed = this.#commands.setMaxConnections(id, maxConnections)
    if (changed !== undefined) this.#tell('backend:limit', { ...changed, maxConnections })
  }

  /**
   * Adds a backend and gives its id. Its first check runs at once.
   * @throws {ConfigError} when it cannot be read, or the pool has one of that id or address already.
   */
  addBackend(backend: number | string | BackendOptions, options: { pool?: string } = {}): string {
    this.#life.assertOpen()
    assertCallOptions('addBackend', options)
    const added = this.#commands.addBackend(backend, options.pool)
    this.#tell('backend:add', added)
    return added.id
  }

  /**
   * Takes a backend out. Its open sessions live on; `close` resets them.
   * @throws {UnknownBackendError}
   */
  removeBackend(id: string, options: { close?: boolean } = {}): void {
    this.#life.assertOpen()
    assertCallOptions('removeBackend', options)
    const { close = false } = options
    this.#tell('backend:remove', this.#commands.removeBackend(id, { close }))
  }

  /**
   * Resolves to true once no session is open on a backend, to false when the time is up or `signal` aborts before.
   * @param how.timeoutMs default: as long as it takes.
   * @throws {UnknownBackendError}
   * @throws {ConfigError} for a time that is none
   */
  async whenIdle(id: string, how: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<boolean> {
    this.#life.assertOpen()
    assertCallOptions('whenIdle', how)
    return this.#commands.whenIdle(id, { ...how, clock: this.#means.clock })
  }

  /**
   * Which backend a client would get now, and why each other would be passed over. Changes nothing.
   * @throws {ConfigError} for a listener, an address or fields that cannot be
   */
  explain(request: ExplainRequest = {}): Explanation {
    return explain(request, {
      listeners: this.#plane.listeners,
      poolNamed: (name) => this.#plane.poolNamed(name),
      at: this.#means.clock.wallTime(),
    })
  }

  /** Counters and histograms back to zero; gauges, health and open sessions stay. */
  resetCounters(): void {
    this.#plane.resetCounters()
    this.#reloads.reset()
    this.emit('counters:reset', { at: this.#means.clock.wallTime() })
  }

  /**
   * Makes `config` the one in force. What is equal in both is not touched: open sessions go on; health, counters, and
   * what operators did at run time stay. Removed backends and listeners let their sessions end. A failure changes
   * nothing. Never rejects: the report says what changed, or why nothing did. One at a time, in the order of the calls.
   */
  reload(config: Config): Promise<ReloadReport> {
    return this.#reloader.reload(config, {
      current: () => this.#config,
      done: (report, inForce) => {
        this.#config = inForce
        if (report.ok) this.#tell('config:reload', report)
        else this.emit('config:reload', report)
      },
    })
  }

  /** `reload` with what `createBalancer` takes; `signal`, `clock` and `random` stay as they were given to that. */
  async reconfigure(options: BalancerOptions): Promise<ReloadReport> {
    return this.reload(resolveOptions(options))
  }

  /**
   * Accepts no more, lets open sessions finish until the deadline, resets what is left, and closes.
   * @param options.delayMs how long new sessions are still accepted, while `state` tells already that the end is near;
   * default the configured one (0).
   * @param options.timeoutMs the deadline, counted from the end of the delay; default the configured one (30 s),
   * 0 = as long as it takes.
   * @returns how many sessions were cut.
   * @throws {ConfigError} for a time that is none; nothing has ended then.
   */
  async drain(options: { timeoutMs?: number; delayMs?: number } = {}): Promise<{ cut: number }> {
    this.#life.assertOpen()
    assertCallOptions('drain', options)
    const { timeoutMs = this.config.shutdownTimeoutMs, delayMs = this.config.shutdownDelayMs } = options
    assertMs('timeoutMs', timeoutMs, '0 = as long as it takes')
    assertMs('delayMs', delayMs)
    this.#life.stop()
    const sessions = this.sessionCount
    this.emit('drain:start', { sessions, delayMs, timeoutMs })
    const cut = await this.#life.drain({ delayMs, timeoutMs })
    this.emit('drain:end', { cut })
    return { cut }
  }

  /**
   * Stops at once: open sessions are reset, and no timer, socket or check is left. May be called again.
   *
   * @param options.assertNoLeaks throw where clients still had sessions or requests open, or where anything of ours is
   *   left after it. It waits half a second for ends that are on their way. Default: the option of that name.
   * @throws {LeakError} only then; it is closed all the same.
   */
  close({ assertNoLeaks = this.#asserts }: { assertNoLeaks?: boolean } = {}): Promise<void> {
    if (assertNoLeaks) return this.witness.closeAssertingNoLeaks(() => this.#life.close())
    return this.#life.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Called by `startBalancer`. */
  async start({ signal, inherited, onOpening, onListening }: StartOptions): Promise<void> {
    await this.#life.start({
      signal,
      inherited,
      onOpening,
      onListening: () => onListening?.(this),
      onOpen: () => {
        this.#means.faults?.tellPreset()
        for (const managed of this.#plane.pools) managed.start()
      },
    })
  }

  /** Tells of a commanded change. */
  #tell<Name extends EventName>(name: Name, event: BalancerEvents[Name][0]): void {
    this.#version++
    ;(this as EventEmitter).emit(name, event)
  }
}

/** False where it is at its end already, or not yet with a handler. */
function kill({ conn, holder }: Session): boolean {
  if (holder === undefined || conn.closed) return false
  holder.abort(KILLED)
  return true
}
