import type { BalancerEvents, EventName, Events } from './events.ts'

/** One event that has happened; once its name is known, so is what its data are. */
export type PastEvent<Name extends EventName = EventName> = {
  readonly [Each in Name]: PastEventOf<Each>
}[Name]

interface PastEventOf<Name extends EventName> {
  /** Counts up from 1 within one history. */
  readonly id: number
  /** Wall-clock ms. */
  readonly at: number
  readonly name: Name
  readonly data: BalancerEvents[Name][0]
}

export interface EventHistoryOptions {
  readonly events: Events
  /** Which events are kept. What nobody listens to costs nothing: leave out what comes per session unless it is wanted. */
  readonly names: readonly EventName[]
  /** The oldest beyond so many are forgotten. Default 1,000. */
  readonly most?: number
  readonly wallTime: () => number
}

/** The latest events of a balancer, for those who come too late to hear them. Call `close` when nobody wants it any more. */
export class EventHistory {
  readonly #options: EventHistoryOptions
  readonly #most: number
  readonly #past: PastEvent[] = []
  readonly #followers = new Set<(event: PastEvent) => void>()
  readonly #listeners: (() => void)[]
  #lastId = 0

  constructor(options: EventHistoryOptions) {
    this.#options = options
    this.#most = options.most ?? 1_000
    this.#listeners = options.names.map((name) => this.#keep(name))
  }

  /** The number of the latest; 0 before the first. */
  get lastId(): number {
    return this.#lastId
  }

  /** Those after `id`, oldest first; the oldest of them may be forgotten. Default: all that are kept. */
  since(id = 0): readonly PastEvent[] {
    // Ids have no gaps, so the place of the first one follows from its number.
    const first = this.#past[0]?.id ?? 1
    return this.#past.slice(Math.max(0, id + 1 - first))
  }

  /** Calls `follower` with each event from now on; the result ends that. */
  follow(follower: (event: PastEvent) => void): () => void {
    this.#followers.add(follower)
    return () => {
      this.#followers.delete(follower)
    }
  }

  close(): void {
    this.#followers.clear()
    for (const stop of this.#listeners.splice(0)) stop()
  }

  #keep(name: EventName): () => void {
    const { events, wallTime } = this.#options
    const listener = (data: BalancerEvents[EventName][0]): void => {
      // Of each name the data are its own; TypeScript cannot follow that through a union.
      const event = { id: ++this.#lastId, at: wallTime(), name, data } as PastEvent
      this.#past.push(event)
      if (this.#past.length > this.#most) this.#past.shift()
      for (const follower of this.#followers) follower(event)
    }
    events.on(name, listener)
    return () => void events.off(name, listener)
  }
}
