import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Clock, Timer } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import { watchFile } from '../discovery/watch-file.ts'

/** What no watch sees (network file systems, links to other folders) is seen this late. */
const LOOK_MS = 5_000

/**
 * Tells when the contents of a configuration file change: not when it is merely touched, nor while it is gone for a
 * moment, as editors leave it.
 */
export class ConfigWatch {
  readonly #file: string
  readonly #clock: Clock
  #last: string | undefined
  #timer: Timer | undefined
  #stopWatching: (() => void) | undefined

  /** Take it before the file is read, and {@link begin} when its service runs: what changes in between counts. */
  static async of(file: string, clock: Clock = systemClock): Promise<ConfigWatch> {
    return new ConfigWatch(file, { clock, last: await digestOf(file) })
  }

  private constructor(file: string, options: { readonly clock: Clock; readonly last: string | undefined }) {
    this.#file = file
    this.#clock = options.clock
    this.#last = options.last
  }

  begin(onChange: () => void): void {
    const look = (): void => void this.#look(onChange) // never rejects
    this.#stopWatching = watchFile(this.#file, { clock: this.#clock, onChange: look })
    this.#lookNowAndThen(look)
    look()
  }

  close(): void {
    this.#timer?.cancel()
    this.#stopWatching?.()
    this.#stopWatching = undefined
  }

  #lookNowAndThen(look: () => void): void {
    this.#timer = this.#clock.setTimer(() => {
      look()
      this.#lookNowAndThen(look)
    }, LOOK_MS)
  }

  async #look(onChange: () => void): Promise<void> {
    const digest = await digestOf(this.#file)
    if (digest === undefined || digest === this.#last || this.#stopWatching === undefined) return
    this.#last = digest
    onChange()
  }
}

/** undefined: it is not there, or cannot be read. */
async function digestOf(file: string): Promise<string | undefined> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  } catch {
    return undefined
  }
}
