import type { LookupFunction } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { CheckConfig } from '../config/schema.ts'
import type { Backend, CheckResult } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Probe } from '../core/probe.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import { makeProbe } from './probes.ts'
import { Watch } from './watch.ts'

export interface HealthOptions {
  readonly check: CheckConfig
  /** How TLS backends are verified, for `tls.connect`; by default by the system's certificate authorities. */
  readonly tls?: ConnectionOptions
  /** How host names become addresses; by default by the system, which traffic may not have asked for a while. */
  readonly lookup?: LookupFunction
  /** Decides when checks start; when they time out is the wheel's business. */
  readonly clock: Clock
  /** Numbers in [0, 1), for the jitter. */
  readonly random: () => number
  /** Counts loop time, so that a stalled loop fails no check (F22). */
  readonly wheel: TimerWheel
  /** Puts another probe around that of a backend. */
  readonly wrapProbe?: (probe: Probe, backend: Backend) => Probe
  /** A check is done; `backend.lastCheck` and the counters are written already. */
  readonly onResult: (backend: Backend, result: CheckResult) => void
  /**
   * The state has changed; `backend.healthy` is written already. Comes after the `onResult` that decided it, if one did.
   */
  readonly onVerdict: (backend: Backend, up: boolean, reason: string) => void
  /** A check could not be made for want of descriptors or ports of ours; it counts for nothing. */
  readonly onLocalFault?: (backend: Backend, error: NodeJS.ErrnoException) => void
}

/** Why a backend that was down serves again without a check. */
const NOT_CHECKED = 'checks are off'

/** Up to this many backends all get their first check at once. */
const SMALL_POOL = 32
/** Above that the first checks follow each other by this much, but all start within one interval. */
const STAGGER_MS = 2

/**
 * Runs the active checks of one pool's backends and is the only writer of their `healthy`. Each backend has at
 * most one check in flight; the next one starts an interval (10% jitter) after the last one's end: `interval`
 * while up, `downInterval` while down, `fastInterval` between the first result against the present state and the
 * verdict. With `check: off` every backend counts as healthy.
 */
export class HealthScheduler {
  readonly #options: HealthOptions
  readonly #watches = new Map<Backend, Watch>()
  #state: 'new' | 'running' | 'closed' = 'new'

  constructor(options: HealthOptions) {
    this.#options = options
  }

  /**
   * Sets the backend's initial state and checks it from now on: at once if started, else as soon as that happens.
   * Does nothing for one that is watched.
   */
  watch(backend: Backend): void {
    if (this.#state === 'closed' || this.#watches.has(backend)) return
    const { check, clock } = this.#options
    backend.healthy = check.kind === 'off' || (backend.initial ?? check.initial) === 'up'
    backend.healthySince = clock.wallTime()
    this.#begin(backend)
  }

  /**
   * The same for one that another scheduler has watched: what was found out about it stays. Where there are no checks any
   * more, one that was down is up, which is told.
   */
  adopt(backend: Backend): void {
    if (this.#state === 'closed' || this.#watches.has(backend)) return
    const { check, clock } = this.#options
    const isForgiven = check.kind === 'off' && !backend.healthy
    if (isForgiven) {
      backend.healthy = true
      backend.healthySince = clock.wallTime()
      backend.healthReason = NOT_CHECKED
    }
    this.#begin(backend)
    if (isForgiven) this.#options.onVerdict(backend, true, NOT_CHECKED)
  }

  /** Ends the checks of a backend for good; one in flight is aborted and counts for nothing. */
  unwatch(backend: Backend): void {
    this.#watches.get(backend)?.pause()
    this.#watches.delete(backend)
  }

  /** Suspends the checks of a backend (mode `maint`); one in flight is aborted and counts for nothing. */
  pause(backend: Backend): void {
    this.#watches.get(backend)?.pause()
  }

  /**
   * Ends a suspension. What was known is old by now: the first check runs at once, and if it fails takes a
   * backend that was up down at once, as at the start.
   */
  resume(backend: Backend): void {
    if (this.#state === 'running') this.#watches.get(backend)?.resume(0)
  }

  /**
   * Traffic failed to connect: brings the next check of a backend that counts as up forward to now, but to no
   * less than `fastInterval` after the last one, so that a storm of failures costs no more checks than a
   * transition does. Cheap enough to be called for every failed connect.
   */
  checkNow(backend: Backend): void {
    this.#watches.get(backend)?.hurry()
  }

  /** Starts the first checks. */
  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    const many = this.#watches.size
    const gapMs = many <= SMALL_POOL ? 0 : Math.min(STAGGER_MS, this.#options.check.intervalMs / many)
    let delayMs = 0
    for (const [backend, watch] of this.#watches) {
      if (backend.mode === 'maint') continue
      watch.resume(delayMs)
      delayMs += gapMs
    }
  }

  /** Ends all checks for good. No timer is left when it returns, and soon after no socket. */
  close(): void {
    this.#state = 'closed'
    for (const watch of this.#watches.values()) watch.pause()
    this.#watches.clear()
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  #begin(backend: Backend): void {
    const { check, tls, lookup } = this.#options
    const probe = makeProbe(check, {
      transport: backend.transport,
      ...(tls === undefined ? {} : { tls }),
      ...(lookup === undefined ? {} : { lookup }),
    })
    if (probe === undefined) return
    const wrapped = this.#options.wrapProbe?.(probe, backend) ?? probe
    const watch = new Watch(backend, { ...this.#options, probe: wrapped })
    this.#watches.set(backend, watch)
    if (this.#state === 'running' && backend.mode !== 'maint') watch.resume(0)
  }
}
