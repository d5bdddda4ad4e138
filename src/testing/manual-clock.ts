import type { Clock, Timer } from '../core/clock.ts'

interface ArmedTimer {
  readonly due: number
  readonly callback: () => void
}

/** More than this at one moment is a timer that sets itself again with no delay, for ever. */
const MOST_TIMERS_AT_ONE_MOMENT = 100_000

/** 2026-01-01T00:00:00Z: any fixed moment will do, as long as it is the same in each run. */
const DEFAULT_WALL_TIME = 1_767_225_600_000

/**
 * A clock that stands still until it is turned by hand. `now()` starts at 0. Timers fire in the order in which
 * they are due, those due at the same time in the order in which they were set, and each sees `now()` at its own
 * time. What a callback throws comes out of `advance`.
 *
 * Sockets know nothing of it: bytes, connects and ends take their real time. So wait for what is on its way first
 * (`waitFor`, `waitUntil`), then turn; and where a timer starts something over a socket that sets the next timer, as
 * health checks do, turn in steps with {@link advanceAsync} until `waitUntil` sees what is awaited.
 */
export class ManualClock implements Clock {
  #now = 0
  #advancing = false
  readonly #wallTimeAtStart: number
  /** Sorted by due time; equal ones in the order of their setting. */
  readonly #timers: ArmedTimer[] = []

  constructor(options: { wallTime?: number } = {}) {
    this.#wallTimeAtStart = options.wallTime ?? DEFAULT_WALL_TIME
  }

  now(): number {
    return this.#now
  }

  /** Moves with `now()`. */
  wallTime(): number {
    return this.#wallTimeAtStart + this.#now
  }

  /** A delay below 0, or one that is no number, counts as 0; such a timer still waits for the next `advance`. */
  setTimer(callback: () => void, delayMs: number): Timer {
    const timer = { due: this.#now + (delayMs > 0 ? delayMs : 0), callback }
    const later = this.#timers.findIndex((other) => other.due > timer.due)
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer)
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer)
        if (index !== -1) this.#timers.splice(index, 1)
      },
    }
  }

  /** Number of armed timers, for leak checks. */
  get pending(): number {
    return this.#timers.length
  }

  /** Time until the next timer is due; undefined when none is armed. */
  get nextInMs(): number | undefined {
    const next = this.#timers[0]
    return next === undefined ? undefined : next.due - this.#now
  }

  /** Turns the clock by `ms` and fires every timer that is due by then, also those that callbacks set. */
  advance(ms: number): void {
    const end = this.#begin(ms)
    try {
      const count = this.#counter()
      while (this.#fireNext(end)) count()
      this.#now = end
    } finally {
      this.#advancing = false
    }
  }

  /**
   * Like {@link advance}, but before the first timer, and after each one, waits until promises have settled and the
   * event loop has turned, so that what a timer starts may set the next timer.
   */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.#begin(ms)
    try {
      const count = this.#counter()
      await settle()
      while (this.#fireNext(end)) {
        count()
        await settle()
      }
      this.#now = end
    } finally {
      this.#advancing = false
    }
  }

  #begin(ms: number): number {
    if (!(ms >= 0)) throw new RangeError(`a clock cannot be turned by ${ms} ms`)
    if (this.#advancing) throw new Error('the clock is already being turned: await the advance before')
    this.#advancing = true
    return this.#now + ms
  }

  #fireNext(end: number): boolean {
    const next = this.#timers[0]
    if (next === undefined || next.due > end) return false
    this.#timers.shift()
    this.#now = next.due
    next.callback()
    return true
  }

  #counter(): () => void {
    let moment = this.#now
    let fired = 0
    return () => {
      if (this.#now !== moment) {
        moment = this.#now
        fired = 0
      }
      if (++fired > MOST_TIMERS_AT_ONE_MOMENT) throw new Error('a timer sets itself again with no delay')
    }
  }
}

/**
 * The process's own `setImmediate`: not even this clock can turn the event loop. The first one runs before those
 * that promises set only now; the second runs after them, and after a look at the sockets.
 */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
