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
  #waiting: TurnEndSink[] = []
  readonly #tell = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (let i = 0; i < waiting.length; i++) (waiting[i] as TurnEndSink).onTurnEnd()
  }

  /** `onTurnEnd` is called once, at the end of the turn, or within this call where many wait already. */
  await(who: TurnEndSink): void {
    if (this.#waiting.length === 0) setImmediate(this.#tell)
    this.#waiting.push(who)
    if (this.#waiting.length >= MOST_WAITING) this.#tell()
  }
}
