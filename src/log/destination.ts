import { pino } from 'pino'
import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'

/** Lines wait in memory until there are this many bytes or the flush interval has passed: few system calls. */
const GATHERED_BYTES = 4_096
const FLUSH_INTERVAL_MS = 250
/** A reader that stands still costs at most this much memory; then lines are dropped. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024
const END_PATIENCE_MS = 1_000

export interface DestinationOptions {
  /** 1 is standard output. */
  readonly fd: number
  /** Gather lines (for machines) or write each at once (for people). */
  readonly gather: boolean
  /** Called once, when the target has broken for good. */
  readonly onBroken?: (error: NodeJS.ErrnoException) => void
  readonly clock?: Clock
}

/**
 * Where lines end up. A target that breaks (its reader is gone, the disk is full) or stands still never holds up
 * or ends the process: from then on lines are dropped and counted.
 */
export class Destination {
  /** Lines lost; those gathered when the target broke count too. */
  dropped = 0
  #broken = false
  /** Its stream throws at a line that comes as it closes. */
  #isEnding = false
  /** Lines since the target last took everything. */
  #waiting = 0
  #held: string[] | undefined
  readonly #stream
  readonly #clock: Clock

  constructor(options: DestinationOptions) {
    this.#clock = options.clock ?? systemClock
    this.#stream = pino.destination({
      dest: options.fd,
      sync: false,
      minLength: options.gather ? GATHERED_BYTES : 0,
      periodicFlush: options.gather ? FLUSH_INTERVAL_MS : 0,
      maxLength: MOST_WAITING_BYTES,
      retryEAGAIN: () => !this.#broken,
    })
    this.#stream.on('drain', () => {
      this.#waiting = 0
    })
    this.#stream.on('drop', () => {
      this.dropped++
      this.#waiting-- // It does not wait: it is not to be counted again.
    })
    this.#stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#broken) return
      this.#giveUp()
      options.onBroken?.(error)
    })
  }

  get broken(): boolean {
    return this.#broken
  }

  /** Keeps lines back until it is known whether they count. Those kept back already are dropped. */
  hold(): void {
    this.#held = []
  }

  /** Writes what was kept back. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const line of held) this.write(line)
  }

  write(line: string): void {
    if (this.#held !== undefined) {
      this.#held.push(line)
      return
    }
    if (this.#broken || this.#isEnding) {
      this.dropped++
      return
    }
    this.#waiting++
    this.#stream.write(line)
  }

  /**
   * Writes what still waits, for at most a second, and closes. Lines that come later are dropped.
   *
   * Its stream's `flush` would not do: called amid a write, it leaves what was gathered meanwhile.
   */
  async end(): Promise<void> {
    if (this.#broken || this.#isEnding) return
    this.#isEnding = true
    await new Promise<void>((resolve) => {
      const patience = this.#clock.setTimer(() => {
        this.#giveUp()
        done()
      }, END_PATIENCE_MS)
      const done = (): void => {
        patience.cancel()
        resolve()
      }
      this.#stream.once('close', done)
      this.#stream.once('error', done)
      this.#stream.end()
    })
    this.#broken = true
  }

  /** A stream left as it is would try again for ever as the process exits (its `flushSync` retries ENOSPC). */
  #giveUp(): void {
    this.#broken = true
    this.dropped += this.#waiting
    this.#waiting = 0
    this.#stream.destroy()
  }
}
