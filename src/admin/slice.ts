import type { Clock } from '../core/clock.ts'

/** Long work goes on for so long at a time: as long as one request takes to go through. */
const SLICE_MS = 0.08
/** After so much of it, in all, nothing is done here for so long at least: traffic has four fifths of the time. */
const BURST_MS = 0.25
const REST_MS = 1

/** How long there was work since the last rest. */
let burstMs = 0

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
      const goOn = (): void => {
        this.#begunAt = this.#clock.now()
        resolve()
      }
      if (waiting.push(goOn) === 1) arm()
    })
  }

  /** The work is done. */
  stop(): void {
    const tookMs = this.#clock.now() - this.#begunAt
    this.busyMs += tookMs
    burstMs += tookMs
  }
}

/** Whoever waits for a slice, the longest first. Of all that this process does they get one at a time. */
const waiting: (() => void)[] = []

/** What has come in has its turn in either case: a late timer is called before the loop looks at the sockets again. */
function arm(): void {
  if (burstMs < BURST_MS) return void setImmediate(callFirst)
  burstMs = 0
  setTimeout(() => setImmediate(callFirst), REST_MS)
}

function callFirst(): void {
  waiting.shift()?.()
  if (waiting.length > 0) arm()
}
