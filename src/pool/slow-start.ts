import type { Backend } from '../core/backend.ts'
import type { Clock, Timer } from '../core/clock.ts'

/** Where the ramp begins. */
const FIRST_SHARE = 0.1
/** The ramp is climbed in as many steps; each is one update of the strategy. */
const STEPS = 20

/** Lets a backend that recovered take up its load over a window: weight and connection limit rise from a tenth. */
export class SlowStart {
  /** 0 = off. A ramp that is under way goes by the new length at once. */
  windowMs: number
  readonly #clock: Clock
  readonly #onStep: () => void
  readonly #timers = new Map<Backend, Timer>()

  constructor(options: { clock: Clock; windowMs: number; onStep: () => void }) {
    this.#clock = options.clock
    this.windowMs = options.windowMs
    this.#onStep = options.onStep
  }

  begin(backend: Backend): void {
    if (this.windowMs === 0) return
    this.stop(backend)
    backend.ramp = FIRST_SHARE
    this.#schedule(backend, this.#clock.now())
  }

  /** It is down again, or gone: the ramp is off. */
  stop(backend: Backend): void {
    this.#timers.get(backend)?.cancel()
    this.#timers.delete(backend)
    backend.ramp = 1
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  #schedule(backend: Backend, startedAt: number): void {
    const timer = this.#clock.setTimer(() => {
      const share = Math.min(1, (this.#clock.now() - startedAt) / this.windowMs)
      backend.ramp = FIRST_SHARE + (1 - FIRST_SHARE) * share
      if (share < 1) this.#schedule(backend, startedAt)
      else this.stop(backend)
      this.#onStep()
    }, this.windowMs / STEPS)
    this.#timers.set(backend, timer)
  }
}
