import { Backend } from '../core/backend.ts'
import type { BackendMode, BackendSpec } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Events } from '../core/events.ts'
import { QueueCounters } from '../core/queue-counters.ts'
import type { ClientKey, PoolStrategy } from '../core/strategy.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import { Ejector } from './ejector.ts'
import type { FailureKind } from './ejector.ts'
import { Lease } from './lease.ts'
import { Queue, Waiter } from './queue.ts'
import type { QueueFailure, QueueSink } from './queue.ts'
import { SlowStart } from './slow-start.ts'

/** What may change while it runs. */
export interface PoolRules {
  readonly queueTimeoutMs: number
  readonly maxQueue: number
  readonly eject: boolean
  readonly whenAllDown: 'fail' | 'try'
  readonly slowStartMs: number
}

export interface PoolOptions extends PoolRules {
  readonly name: string
  readonly strategy: PoolStrategy
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly events: Events
}

/**
 * A named set of backends and the strategy that picks among them. It hands out leases, keeps the queue of those
 * that found every backend full, and takes out backends on which connects keep failing.
 */
export class Pool {
  readonly name: string
  /** In the order of the configuration. Read only; change by `add` and `remove`. */
  readonly backends = new Map<string, Backend>()
  retries = 0
  /** HTTP requests that were sent once more. */
  replays = 0
  readonly queueCounters = new QueueCounters()
  /** Counts additions and removals, for those who keep something by backend. */
  changes = 0
  readonly #events: Events
  #rules: PoolRules
  #strategy: PoolStrategy
  readonly #queue: Queue
  readonly #ejector: Ejector
  readonly #slowStart: SlowStart
  readonly #release = (backend: Backend): void => this.#onRelease(backend)
  #eligible: readonly Backend[] = []
  /** Backups that could serve but need not: for a session that has tried all others in vain. */
  #spares: readonly Backend[] = []
  /** No main one serves. */
  #backupsServe = false

  constructor(options: PoolOptions) {
    this.name = options.name
    this.#rules = options
    this.#events = options.events
    this.#strategy = options.strategy
    const { clock, wheel, queueTimeoutMs, maxQueue } = options
    this.#queue = new Queue({ wheel, timeoutMs: queueTimeoutMs, most: maxQueue })
    this.#slowStart = new SlowStart({ clock, windowMs: options.slowStartMs, onStep: () => this.refresh() })
    this.#ejector = new Ejector({
      clock,
      onEject: (backend, kind, forMs) => this.#onEject(backend, kind, forMs),
      onReturn: (backend, reason) => this.#onReturn(backend, reason),
    })
  }

  /** Those that may be picked now; some may be full. */
  get eligible(): readonly Backend[] {
    return this.#eligible
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Whether one more may wait. */
  get hasQueueRoom(): boolean {
    return !this.#queue.isFull
  }

  /** A hold on a backend with room that is not in `skip`, or undefined: then `wait`, or give up. */
  lease(client: ClientKey, skip?: ReadonlySet<Backend>): Lease | undefined {
    const backend = this.#strategy.pick(client, skip) ?? this.#pickSpare(skip)
    return backend === undefined ? undefined : this.#hold(backend)
  }

  /** Whether `lease` has just given none because the strategy, one of the user's, failed: to wait would not help. */
  get hasStrategyFailed(): boolean {
    return this.#strategy.hasFailed === true
  }

  /**
   * A hold on this very backend, for a client that belongs there: also while it drains, and whatever its weight.
   * undefined where it is full, or does not serve at all.
   */
  leaseOf(backend: Backend): Lease | undefined {
    return this.serves(backend) && !backend.isFull ? this.#hold(backend) : undefined
  }

  /** Whether those who belong to it still go there; it may be full. */
  serves(backend: Backend): boolean {
    if (backend.mode === 'maint' || !backend.healthy || backend.ejected) return false
    if (this.backends.get(backend.id) !== backend) return false
    return !backend.backup || this.#backupsServe
  }

  /** Whether a backend outside `skip` is eligible: if `lease` found none, then because they are full. */
  hasEligible(skip?: ReadonlySet<Backend>): boolean {
    if (skip === undefined) return this.#eligible.length > 0
    return hasOutside(this.#eligible, skip) || hasOutside(this.#spares, skip)
  }

  /** What `lease` would give now, see `Strategy.odds`; undefined where the strategy cannot tell. Changes nothing. */
  odds(client: ClientKey): ReadonlyMap<Backend, number> | undefined {
    return this.#strategy.odds?.(client)
  }

  /** What an ejected backend was ejected for, and how long it still is. */
  ejectionOf(backend: Backend): ReturnType<Ejector['ejectionOf']> {
    return this.#ejector.ejectionOf(backend)
  }

  /** Queues for a backend with room. Ask `hasQueueRoom` first. */
  wait(client: ClientKey, skip: ReadonlySet<Backend> | undefined, sink: QueueSink): Waiter {
    const waiter = new Waiter(this.#queue, { client, skip, sink })
    this.#queue.join(waiter)
    return waiter
  }

  /** Leaves the queue; the waiter's sink hears nothing more. */
  leave(waiter: Waiter): void {
    this.#queue.leave(waiter)
  }

  /** Traffic reports: a connect failed, by the backend's fault and not by ours. */
  connectFailed(backend: Backend): void {
    backend.connectFailures++
    this.#failed(backend, 'connect')
  }

  connectSucceeded(backend: Backend): void {
    if (backend.failuresInRow > 0 || backend.ejections > 0) this.#ejector.succeeded(backend, 'connect')
  }

  /** Traffic reports: a new connection ended without a byte of an answer to the request on it. */
  requestFailed(backend: Backend): void {
    this.#failed(backend, 'request')
  }

  /** Traffic reports: an answer has begun. */
  requestAnswered(backend: Backend): void {
    if (backend.requestFailuresInRow > 0) this.#ejector.succeeded(backend, 'request')
  }

  /** Health reports: an active check passed that tests this much of what traffic does. */
  checkPassed(backend: Backend, tested: ReadonlySet<FailureKind>): void {
    if (backend.ejected) this.#ejector.cleared(backend, tested)
  }

  /** Health reports: `healthy` has changed. Only a recovery starts slowly, never a start. */
  healthChanged(backend: Backend, { isRecovery }: { isRecovery: boolean }): void {
    if (isRecovery) this.#slowStart.begin(backend)
    else this.#slowStart.stop(backend)
    this.refresh()
  }

  setMode(backend: Backend, mode: BackendMode): void {
    backend.mode = mode
    this.refresh()
  }

  setWeight(backend: Backend, weight: number): void {
    backend.weight = weight
    this.refresh()
  }

  setMaxConnections(backend: Backend, maxConnections: number): void {
    backend.maxConnections = maxConnections
    this.refresh()
  }

  add(spec: BackendSpec): Backend {
    const backend = new Backend(spec, this.name)
    this.backends.set(spec.id, backend)
    this.changes++
    return backend
  }

  /** Takes a backend out; its leases live on and are released as ever. Call `refresh` after the last change. */
  remove(backend: Backend): void {
    this.backends.delete(backend.id)
    backend.isRemoved = true
    this.changes++
    this.#ejector.forget(backend)
    this.#slowStart.stop(backend)
  }

  /** Its own counters back to zero; backends have theirs. */
  resetCounters(): void {
    this.retries = 0
    this.replays = 0
    this.queueCounters.reset()
  }

  /** Goes on by other rules, and by another strategy where one is given. Call `refresh` after the last change. */
  configure(rules: PoolRules, strategy: PoolStrategy | undefined): void {
    this.#rules = rules
    if (strategy !== undefined) this.#strategy = strategy
    this.#queue.configure({ timeoutMs: rules.queueTimeoutMs, most: rules.maxQueue })
    this.#slowStart.windowMs = rules.slowStartMs
    if (!rules.eject) this.#ejector.returnAll('ejection is off')
  }

  /** Puts the backends into this order; those that it does not name come last. Call `refresh` after the last change. */
  reorder(ids: readonly string[]): void {
    const all = new Map(this.backends)
    this.backends.clear()
    for (const id of ids) {
      const backend = all.get(id)
      if (backend !== undefined) this.backends.set(id, backend)
      all.delete(id)
    }
    for (const [id, backend] of all) this.backends.set(id, backend)
  }

  /** Works out anew who is eligible, after something of a backend changed. Never called per connection. */
  refresh(): void {
    this.#findEligible()
    this.#strategy.update(this.#eligible)
    if (this.#eligible.length === 0) this.#queue.failAll()
    else this.#serveQueue()
  }

  /** Stops its timers. Leases may still be released. */
  close(): void {
    this.#ejector.close()
    this.#slowStart.close()
    this.#queue.failAll()
  }

  #hold(backend: Backend): Lease {
    backend.active++
    backend.sessions++
    this.#strategy.changed?.(backend)
    return new Lease(backend, this.#release)
  }

  #failed(backend: Backend, kind: FailureKind): void {
    // One that was removed may have dials under way.
    if (!this.#rules.eject || backend.isRemoved) return
    // A backup takes over from the last main one.
    const serving = this.#eligible.length + this.#spares.length
    this.#ejector.failed(backend, kind, { size: this.backends.size, serving })
  }

  #findEligible(): void {
    const commanded = [...this.backends.values()].filter(({ mode, weight }) => mode === 'ready' && weight > 0)
    const serving = commanded.filter(({ healthy, ejected }) => healthy && !ejected)
    const main = serving.filter(({ backup }) => !backup)
    this.#backupsServe = main.length === 0
    this.#spares = main.length > 0 ? serving.filter(({ backup }) => backup) : []
    if (main.length > 0) this.#eligible = main
    else if (serving.length > 0 || this.#rules.whenAllDown === 'fail') this.#eligible = serving
    else this.#eligible = commanded
  }

  /** Without checks nobody has noticed yet that the others are gone; for this session they are. */
  #pickSpare(skip: ReadonlySet<Backend> | undefined): Backend | undefined {
    if (skip === undefined || this.#spares.length === 0 || hasOutside(this.#eligible, skip)) return undefined
    return this.#spares.find((backend) => !backend.isFull && !skip.has(backend))
  }

  #onRelease(backend: Backend): void {
    backend.active--
    this.#strategy.changed?.(backend)
    if (backend.active === 0 && backend.onIdle !== undefined) for (const tell of backend.onIdle) tell()
    if (this.#queue.length > 0) this.#serveQueue()
  }

  #serveQueue(): void {
    if (this.#queue.length > 0) this.#queue.serve((waiter) => this.#leaseFor(waiter))
  }

  /** Who waits for one not tried yet takes any, once none of those is left that it could wait for. */
  #leaseFor({ client, skip }: Waiter): Lease | QueueFailure | undefined {
    const lease = this.lease(client, skip === undefined || this.hasEligible(skip) ? skip : undefined)
    return lease === undefined && this.hasStrategyFailed ? 'no-backend' : lease
  }

  #onEject(backend: Backend, kind: FailureKind, forMs: number): void {
    this.refresh()
    const reason =
      kind === 'connect'
        ? `${backend.failuresInRow} connects in a row failed`
        : `${backend.requestFailuresInRow} requests in a row had no answer`
    this.#events.emit('backend:eject', { id: backend.id, pool: this.name, reason, forMs })
  }

  #onReturn(backend: Backend, reason: string): void {
    this.refresh()
    this.#events.emit('backend:return', { id: backend.id, pool: this.name, reason })
  }
}

function hasOutside(backends: readonly Backend[], skip: ReadonlySet<Backend>): boolean {
  return backends.some((backend) => !skip.has(backend))
}
