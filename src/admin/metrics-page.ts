import type { Clock } from '../core/clock.ts'
import { nextTurn } from './next-turn.ts'

/** So many characters are made in one go: a fraction of a millisecond. */
const SLICE_CHARS = 16 * 1_024
/** What is made is good for so many times as long as the making took, so that it never takes over 1% of the time. */
const GOOD_FOR = 100
/** Prometheus' usual interval is 15 s: every scrape of such a one is fresh. */
const MOST_GOOD_FOR_MS = 10_000

/**
 * The metrics as bytes. Made when somebody asks, slice by slice, so that traffic has its turn in between: a thousand
 * backends are megabytes of text. Who asks too often gets what was made before; with a few backends that is never
 * older than some milliseconds.
 */
export class MetricsPage {
  readonly #clock: Clock
  readonly #parts: () => Iterable<string>
  #page: Promise<readonly Buffer[]> | undefined
  #goodUntil = Infinity

  constructor(options: { clock: Clock; parts: () => Iterable<string> }) {
    this.#clock = options.clock
    this.#parts = options.parts
  }

  /** In pieces, in order. */
  page(): Promise<readonly Buffer[]> {
    if (this.#page !== undefined && this.#clock.now() < this.#goodUntil) return this.#page
    this.#goodUntil = Infinity
    const page = this.#make()
    this.#page = page
    page.catch(() => {
      this.#page = undefined // Whoever asked hears of it; the next one tries again.
    })
    return page
  }

  async #make(): Promise<readonly Buffer[]> {
    const pieces: Buffer[] = []
    let text = ''
    let busyMs = 0
    let begunAt = this.#clock.now()
    for (const part of this.#parts()) {
      text += part
      if (text.length < SLICE_CHARS) continue
      pieces.push(Buffer.from(text))
      text = ''
      busyMs += this.#clock.now() - begunAt
      await nextTurn()
      begunAt = this.#clock.now()
    }
    pieces.push(Buffer.from(text))
    const now = this.#clock.now()
    busyMs += now - begunAt
    this.#goodUntil = now + Math.min(busyMs * GOOD_FOR, MOST_GOOD_FOR_MS)
    return pieces
  }
}
