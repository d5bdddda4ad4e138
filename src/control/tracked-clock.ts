import type { Clock, Timer } from '../core/clock.ts'

/** Frames that tell where a timer was set; those below are the event loop's. */
const FRAMES_SHOWN = 3

/** A clock that knows which of its timers are armed, and where they were set. */
export class TrackedClock implements Clock {
  readonly #clock: Clock
  readonly #armed = new Map<Timer, { readonly delayMs: number; readonly origin: Error }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  wallTime(): number {
    return this.#clock.wallTime()
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const inner = this.#clock.setTimer(() => {
      this.#armed.delete(timer)
      callback()
    }, delayMs)
    const timer: Timer = {
      cancel: () => {
        this.#armed.delete(timer)
        inner.cancel()
      },
    }
    this.#armed.set(timer, { delayMs, origin: new Error('set here') })
    return timer
  }

  /** Each armed timer in words. */
  get armed(): string[] {
    return [...this.#armed.values()].map(({ delayMs, origin }) => {
      const frames = (origin.stack ?? '').split('\n').slice(2, 2 + FRAMES_SHOWN)
      return `of ${delayMs} ms, set ${frames.map((frame) => frame.trim()).join(' ')}`
    })
  }
}
