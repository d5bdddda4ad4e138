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
  /** Chunks and ends that were read, from whichever connection: between two looks something moved, or nothing did. */
  reads = 0
  #isAwaited = false
  #waiting: TurnEndSink[] = []
  #waitingForAll: TurnEndSink[] = []
  #lasts: (() => void)[] = []
  readonly #end = (): void => {
    const waiting = this.#waitingForAll
    this.#isAwaited = false
    this.ended++
    if (waiting.length > 0) {
      this.#waitingForAll = []
      tell(waiting)
    }
    this.#tellWaiting()
    if (this.#lasts.length > 0) this.#callLasts()
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

  /** For what is not traffic: `called` once, behind all that the turn has to send. */
  awaitLast(called: () => void): void {
    this.count()
    this.#lasts.push(called)
  }

  /** Has this turn counted when it ends. Gives what `ended` is until then. */
  count(): number {
    if (!this.#isAwaited) {
      this.#isAwaited = true
      setImmediate(this.#end)
    }
    return this.ended
  }

  #callLasts(): void {
    const lasts = this.#lasts
    this.#lasts = []
    for (const called of lasts) called()
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
