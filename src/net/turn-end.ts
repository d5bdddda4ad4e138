/** Who has something to send. */
export interface TurnEndSink {
  onTurnEnd(): void
}

/** So many wait at most: the first of them must not wait for a thousand others. */
const MOST_WAITING = 64

/**
 * Has those who asked send at the end of the loop's turn, one after the other. A turn then reads from all connections
 * that have something first and writes to all after that; to change from one to the other for each of them costs more
 * than either, since a processor's caches hold the code of one only.
 */
export class TurnEnd {
  /** Turns that have ended; only those count whose end was asked for. */
  ended = 0
  #isAwaited = false
  #waiting: TurnEndSink[] = []
  #waitingForAll: TurnEndSink[] = []
  readonly #end = (): void => {
    const waiting = this.#waitingForAll
    this.#isAwaited = false
    this.ended++
    if (waiting.length > 0) {
      this.#waitingForAll = []
      tell(waiting)
    }
    this.#tellWaiting()
  }

  /** `onTurnEnd` is called once, at the end of the turn, or within this call where many wait already. */
  await(who: TurnEndSink): void {
    this.count()
    this.#waiting.push(who)
    if (this.#waiting.length >= MOST_WAITING) this.#tellWaiting()
  }

  /** The same, but never before all that this turn found to be read has been read. */
  awaitAllRead(who: TurnEndSink): void {
    this.count()
    this.#waitingForAll.push(who)
  }

  /** Has this turn counted when it ends. Gives what `ended` is until then. */
  count(): number {
    if (!this.#isAwaited) {
      this.#isAwaited = true
      setImmediate(this.#end)
    }
    return this.ended
  }

  #tellWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    tell(waiting)
  }
}

/** There is one loop, and so one end of its turn. */
export const turnEnd = new TurnEnd()

function tell(waiting: readonly TurnEndSink[]): void {
  for (let i = 0; i < waiting.length; i++) (waiting[i] as TurnEndSink).onTurnEnd()
}
