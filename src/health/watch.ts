import type { CheckConfig } from '../config/schema.ts'
import type { Address } from '../core/address.ts'
import type { Backend, CheckResult } from '../core/backend.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { Probe } from '../core/probe.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import type { LocalFault } from './check.ts'
import { Check } from './check.ts'
import { Verdict } from './verdict.ts'

export interface WatchOptions {
  readonly check: CheckConfig
  readonly probe: Probe
  readonly clock: Clock
  readonly random: () => number
  readonly wheel: TimerWheel
  readonly onResult: (backend: Backend, result: CheckResult) => void
  readonly onVerdict: (backend: Backend, up: boolean, reason: string) => void
  readonly onLocalFault?: (backend: Backend, error: NodeJS.ErrnoException) => void
}

/** The checks of one backend, one after the other. Paused at first. Contract: see `HealthScheduler`. */
export class Watch {
  readonly #backend: Backend
  readonly #options: WatchOptions
  readonly #address: Address
  #verdict: Verdict
  #isPaused = true
  /** Set while the next check waits for its time. */
  #timer: Timer | undefined
  #dueAt = 0
  /** Set while a check is in flight. */
  #check: Check | undefined
  #lastEndedAt = -Infinity

  constructor(backend: Backend, options: WatchOptions) {
    this.#backend = backend
    this.#options = options
    this.#address = checkedAddress(backend.address, options.check.port)
    this.#verdict = this.#newVerdict()
  }

  resume(delayMs: number): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#verdict = this.#newVerdict()
    this.#runIn(delayMs)
  }

  pause(): void {
    this.#isPaused = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#check?.cancel()
    this.#check = undefined
  }

  hurry(): void {
    // A backend that is down is known to fail, and one in flight will tell soon.
    if (this.#timer === undefined || !this.#verdict.isUp) return
    const { check, clock } = this.#options
    const soonest = Math.max(
      clock.now(),
      this.#lastEndedAt + Math.min(check.fastIntervalMs, check.intervalMs),
    )
    if (soonest >= this.#dueAt) return
    this.#timer.cancel()
    this.#runIn(soonest - clock.now())
  }

  #newVerdict(): Verdict {
    const { rise, fall } = this.#options.check
    return new Verdict({ rise, fall, initial: this.#backend.healthy ? 'up' : 'down' })
  }

  #runIn(delayMs: number): void {
    if (delayMs <= 0) return this.#run()
    const { clock } = this.#options
    this.#dueAt = clock.now() + delayMs
    this.#timer = clock.setTimer(() => this.#run(), delayMs)
  }

  #run(): void {
    this.#timer = undefined
    const { probe, check, clock, wheel } = this.#options
    this.#check = new Check({
      probe,
      address: this.#address,
      timeoutMs: check.timeoutMs,
      clock,
      wheel,
      onDone: (outcome) => this.#done(outcome),
    })
    this.#check.start()
  }

  /** Everything is written, and the next check set, before anybody is told: a listener may pause us. */
  #done(outcome: CheckResult | LocalFault): void {
    this.#check = undefined
    const { clock, onResult, onVerdict, onLocalFault } = this.#options
    this.#lastEndedAt = clock.now()
    if ('localFault' in outcome) {
      this.#scheduleNext()
      onLocalFault?.(this.#backend, outcome.localFault)
      return
    }
    const backend = this.#backend
    backend.checks++
    if (!outcome.ok) backend.failedChecks++
    backend.lastCheck = outcome
    backend.lastCheckAt = clock.wallTime()
    const change = this.#verdict.record(outcome.ok ? 'success' : 'failure')
    if (change !== undefined) {
      backend.healthy = change === 'up'
      backend.healthySince = clock.wallTime()
    }
    const reason = change === undefined ? '' : `${outcome.code}: ${outcome.text} (${this.#evidence(change)})`
    if (change !== undefined) backend.healthReason = reason
    this.#scheduleNext()
    onResult(backend, outcome)
    if (change !== undefined) onVerdict(backend, change === 'up', reason)
  }

  #scheduleNext(): void {
    const { check, random } = this.#options
    const { isUp, isInTransition } = this.#verdict
    const steadyMs = isUp ? check.intervalMs : check.downIntervalMs
    const intervalMs = isInTransition ? Math.min(check.fastIntervalMs, steadyMs) : steadyMs
    this.#runIn(intervalMs * (1 - JITTER + 2 * JITTER * random()))
  }

  #evidence(change: 'up' | 'down'): string {
    const { rise, fall, decidedBy } = this.#verdict
    if (change === 'up') return `${decidedBy} of ${rise} passed`
    return decidedBy < fall ? 'first check' : `${decidedBy} of ${fall} failed`
  }
}

/** Each way. */
const JITTER = 0.1

/** The backend's address with the port of its checks; a unix socket has none to change. */
function checkedAddress(address: Address, port: number | undefined): Address {
  return port === undefined || address.kind === 'unix' ? address : { ...address, port }
}
