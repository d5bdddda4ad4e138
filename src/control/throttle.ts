import type { Clock } from '../core/clock.ts'

/** A log that repeats itself under stress helps nobody: at most one report this often. */
const REPORT_INTERVAL_MS = 1_000

/** Counts what happens and reports the count at most once a second; the first at once. */
export class Throttle {
  readonly #clock: Clock
  readonly #report: (count: number) => void
  #count = 0
  #lastReport = -Infinity

  constructor(options: { clock: Clock; report: (count: number) => void }) {
    this.#clock = options.clock
    this.#report = options.report
  }

  add(): void {
    this.#count++
    if (this.#clock.now() - this.#lastReport >= REPORT_INTERVAL_MS) this.flush()
  }

  /** Reports what is not reported yet. */
  flush(): void {
    if (this.#count === 0) return
    const count = this.#count
    this.#count = 0
    this.#lastReport = this.#clock.now()
    this.#report(count)
  }
}
