import { RejectedError } from '../core/errors.ts'
import type { Stage } from './stage.ts'

/** What the limit looks at: the listener's open sessions, the one at the door included. */
export interface Counted {
  readonly active: number
}

/** Resets sessions over the listener's limit: Node has no public way to stop accepting. */
export class ConnectionLimit implements Stage {
  readonly name = 'connection-limit'
  readonly #listener: Counted
  readonly #most: number
  /** Made once: under a flood, an error with its stack for every rejected session would be the costly part. */
  readonly #error: RejectedError

  constructor(options: { listener: Counted; most: number }) {
    this.#listener = options.listener
    this.#most = options.most
    this.#error = new RejectedError(
      LISTENER_FULL,
      `the listener has ${options.most} open sessions, its limit`,
    )
  }

  admit(): void {
    if (this.#listener.active > this.#most) throw this.#error
  }
}

/** `code` of the rejection. */
export const LISTENER_FULL = 'FAIRLEAD_LISTENER_FULL'
