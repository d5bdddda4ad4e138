import type { Clock, Timer } from '../core/clock.ts'

/** Runs something again and again, from `start` to `stop`. Both may be called at any time. */
export class Repeater {
  readonly #options: { readonly clock: Clock; readonly everyMs: number; readonly run: () => void }
  #timer: Timer | undefined

  constructor(options: { readonly clock: Clock; readonly everyMs: number; readonly run: () => void }) {
    this.#options = options
  }

  /** The first run is one interval from now; a running one goes on as it is. */
  start(): void {
    this.#timer ??= this.#arm()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): Timer {
    const { clock, everyMs, run } = this.#options
    return clock.setTimer(() => {
      this.#timer = this.#arm()
      run()
    }, everyMs)
  }
}
