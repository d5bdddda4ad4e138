import type { Clock } from '../core/clock.ts'
import { sliceQueue } from './slice-queue.ts'

/** Long work goes on for so long at a time: as long as one request takes to go through. */
const SLICE_MS = 0.08

/** One of the slices that long work beside the traffic is cut into. The first begins when it is made. */
export class Slice {
  /** Time that all slices so far took of the loop, this one left out. */
  busyMs = 0
  readonly #clock: Clock
  #begunAt: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#begunAt = clock.now()
  }

  get isOver(): boolean {
    return this.#clock.now() - this.#begunAt >= SLICE_MS
  }

  /** Lets the traffic go first, and other long work that waits already. The next slice begins when this resolves. */
  rest(): Promise<void> {
    this.stop()
    return new Promise((resolve) => {
      sliceQueue.push(() => {
        this.#begunAt = this.#clock.now()
        resolve()
      })
    })
  }

  /** The work is done. */
  stop(): void {
    this.busyMs += this.#clock.now() - this.#begunAt
  }
}
