import type { Clock } from '../core/clock.ts'
import { Page } from './http/page.ts'
import type { Piece, Writer } from './http/pieces.ts'

/** What is made is good for so many times as long as the making took, so that it never takes over 1% of the time. */
const GOOD_FOR = 100
/** Prometheus' usual interval is 15 s: every scrape of such a one is fresh. */
const MOST_GOOD_FOR_MS = 10_000

/**
 * The metrics as bytes. Made when somebody asks: a thousand backends are megabytes of text. Who asks too often gets
 * what was made before; with a few backends that is never older than some milliseconds.
 */
export class MetricsPage {
  readonly #options: {
    readonly clock: Clock
    readonly writer: Writer
    readonly parts: () => Iterable<Piece>
  }
  #page: Promise<Page> | undefined
  #goodUntil = Infinity

  constructor(options: {
    readonly clock: Clock
    readonly writer: Writer
    readonly parts: () => Iterable<Piece>
  }) {
    this.#options = options
  }

  page(): Promise<Page> {
    if (this.#page !== undefined && this.#options.clock.now() < this.#goodUntil) return this.#page
    this.#goodUntil = Infinity
    const page = this.#make()
    this.#page = page
    page.catch(() => {
      this.#page = undefined // Whoever asked hears of it; the next one tries again.
    })
    return page
  }

  async #make(): Promise<Page> {
    const { clock, writer, parts } = this.#options
    const { pieces, busyMs } = await writer.write(parts)
    this.#goodUntil = clock.now() + Math.min(busyMs * GOOD_FOR, MOST_GOOD_FOR_MS)
    return new Page(pieces, { clock })
  }
}
