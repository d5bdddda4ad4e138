import type { TimerWheel } from '../../core/timer-wheel.ts'

/** Replays may be a fifth of the requests of the last ten seconds, and are never held below ten. */
const SHARE = 0.2
const WINDOW_MS = 10_000
const ALWAYS_ALLOWED = 10

const BUCKETS = 10
const BUCKET_MS = WINDOW_MS / BUCKETS

/**
 * Keeps replays of requests from making an overload worse: when everything fails, retrying everything would multiply
 * the load on what is left.
 */
export class RetryBudget {
  readonly #wheel: TimerWheel
  readonly #requests = new Float64Array(BUCKETS)
  readonly #replays = new Float64Array(BUCKETS)
  #bucket = 0

  constructor(options: { wheel: TimerWheel }) {
    this.#wheel = options.wheel
  }

  /** A request came in. */
  count(): void {
    const i = this.#turn()
    this.#requests[i] = (this.#requests[i] as number) + 1
  }

  /** Takes one replay out of the budget; false where there is none left. */
  take(): boolean {
    const i = this.#turn()
    const replays = sum(this.#replays)
    if (replays >= Math.max(ALWAYS_ALLOWED, sum(this.#requests) * SHARE)) return false
    this.#replays[i] = (this.#replays[i] as number) + 1
    return true
  }

  /** Empties the buckets whose time has passed, and gives the present one. */
  #turn(): number {
    const now = Math.floor(this.#wheel.now / BUCKET_MS)
    const passed = Math.min(now - this.#bucket, BUCKETS)
    for (let i = 1; i <= passed; i++) {
      const stale = (this.#bucket + i) % BUCKETS
      this.#requests[stale] = 0
      this.#replays[stale] = 0
    }
    this.#bucket = now
    return now % BUCKETS
  }
}

function sum(values: Float64Array): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i] as number
  return total
}
