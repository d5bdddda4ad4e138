import type { Clock } from '../core/clock.ts'
import type { Encoder, Piece, Writer } from './http/pieces.ts'

/** What is made is good for so many times as long as the making took, so that it never takes over 0.4% of the time. */
const GOOD_FOR = 250
/** Prometheus' usual interval is 15 s: every scrape of such a one is fresh. */
const MOST_GOOD_FOR_MS = 10_000

export interface MetricsPageOptions {
  readonly clock: Clock
  readonly writer: Writer
  readonly parts: () => Iterable<Piece>
  /** Default: the text as it is. */
  readonly encode?: () => Encoder
}

/**
 * The metrics as bytes. Made when somebody asks: a thousand backends are megabytes of text. Who asks too often gets
 * what was made before; with a few backends that is never older than some milliseconds.
 */
export class MetricsPage {
  readonly #options: MetricsPageOptions
  #page: Promise<readonly Buffer[]> | undefined
  #goodUntil = Infinity

  constructor(options: MetricsPageOptions) {
    this.#options = options
  }

  /** In pieces, in order. */
  page(): Promise<readonly Buffer[]> {
    if (this.#page !== undefined && this.#options.clock.now() < this.#goodUntil) return this.#page
    this.#goodUntil = Infinity
    const page = this.#make()
    this.#page = page
    page.catch(() => {
      this.#page = undefined // Whoever asked hears of it; the next one tries again.
    })
    return page
  }

  async #make(): Promise<readonly Buffer[]> {
    const { clock, writer, parts, encode } = this.#options
    const { pieces, busyMs } = await writer.write(parts, encode)
    this.#goodUntil = clock.now() + Math.min(busyMs * GOOD_FOR, MOST_GOOD_FOR_MS)
    return pieces
  }
}
