import type { Clock, Timer } from '../core/clock.ts'

/** A log that repeats itself under stress helps nobody: at most one report this often. */
const REPORT_INTERVAL_MS = 1_000

/** Counts what happens and reports the count at most once a second; the first at once, the last no later than that. */
export class Throttle {
  readonly #clock: Clock
  readonly #report: (count: number) => void
  #count = 0
  /** Armed for a second after each report. */
  #timer: Timer | undefined

  constructor(options: { clock: Clock; report: (count: number) => void }) {
    this.#clock = options.clock
    this.#report = options.report
  }

  add(): void {
    this.#count++
    if (this.#timer === undefined) this.#tell()
  }

  /** Reports what is not reported yet, and leaves no timer. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#count > 0) this.#take()
  }

  #tell(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined
      if (this.#count > 0) this.#tell()
    }, REPORT_INTERVAL_MS)
    this.#take()
  }

  #take(): void {
    const count = this.#count
    this.#count = 0
    this.#report(count)
  }
}
