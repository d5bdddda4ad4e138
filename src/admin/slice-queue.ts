import { systemClock } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'
import { turnEnd } from '../net/turn-end.ts'
import type { TurnEnd } from '../net/turn-end.ts'

/** Where something has come in within this time, an answer to it or the next of its kind is on its way. */
const QUIET_MS = 0.1
/** Traffic that never stands still keeps a slice waiting no longer: long work has a twelfth of the time then. */
const MOST_WAIT_MS = 1
/** Nor do many that wait together make a long queue: they have up to a third of it. */
const LEAST_WAIT_MS = 0.25

/**
 * Where slices of long work wait for their turn: one in a turn of the loop, behind all that traffic has to send, and in
 * a gap of the traffic if one comes soon. To begin where a request has just been sent on would be to hold up its answer.
 */
export class SliceQueue {
  readonly #clock: Clock
  readonly #turnEnd: TurnEnd
  /** Who has waited the longest comes first. */
  readonly #waiting: (() => void)[] = []
  #waitsSince = 0
  /** What had been read at the last look, and when that was seen to change last. */
  #reads = 0
  #movedAt = 0
  /** At the end of each turn, while somebody waits. */
  readonly #look = (): void => {
    const now = this.#clock.now()
    if (this.#mayBegin(now)) {
      this.#waitsSince = now
      this.#waiting.shift()?.()
    }
    if (this.#waiting.length > 0) this.#turnEnd.awaitLast(this.#look)
  }

  constructor({ clock, turnEnd: end }: { readonly clock: Clock; readonly turnEnd: TurnEnd }) {
    this.#clock = clock
    this.#turnEnd = end
  }

  /** `begin` is called once, later. */
  push(begin: () => void): void {
    if (this.#waiting.push(begin) > 1) return
    this.#waitsSince = this.#clock.now()
    this.#turnEnd.awaitLast(this.#look)
  }

  #mayBegin(now: number): boolean {
    const { reads } = this.#turnEnd
    if (reads !== this.#reads) {
      this.#reads = reads
      this.#movedAt = now
    }
    const mostWaitMs = Math.max(LEAST_WAIT_MS, MOST_WAIT_MS / this.#waiting.length)
    return now - this.#movedAt >= QUIET_MS || now - this.#waitsSince >= mostWaitMs
  }
}

/** Of all long work that this process does one slice at a time has its turn. */
export const sliceQueue = new SliceQueue({ clock: systemClock, turnEnd })
