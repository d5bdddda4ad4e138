import type { Clock } from '../core/clock.ts'

/** Long work goes on for so long at a time: short beside what a request through a balancer takes. */
const SLICE_MS = 0.25
/** Between two slices nothing is done here for so long at least: traffic has four fifths of the time. */
const REST_MS = 1

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
  async rest(): Promise<void> {
    this.stop()
    await nextTurn()
    this.#begunAt = this.#clock.now()
  }

  /** The work is done. */
  stop(): void {
    this.busyMs += this.#clock.now() - this.#begunAt
  }
}

/** Whoever waits for a slice, the longest first. Of all that this process does they get one at a time. */
const waiting: (() => void)[] = []

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setTimeout(callFirst, REST_MS)
  })
}

function callFirst(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setTimeout(callFirst, REST_MS)
}
