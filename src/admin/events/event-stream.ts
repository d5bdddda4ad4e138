import type { ServerResponse } from 'node:http'
import type { Clock } from '../../core/clock.ts'

/** More waiting than this, beside what was sent as one piece, and its reader is cut off. */
export const MOST_WAITING_BYTES = 64 * 1024
/** A reader that takes no snapshot for so many of them is cut off. */
const MOST_MISSED_SNAPSHOTS = 15
const MOST_LIVE_A_SECOND = 100

/** A message as it goes over the wire. Made once for all streams that get it. */
export function message(event: string, data: unknown, id?: string): Buffer {
  const first = id === undefined ? '' : `id: ${id}\n`
  return Buffer.from(`${first}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** A message to all streams, counted from the first. */
export interface Numbered {
  readonly number: number
  readonly bytes: Buffer
}

/** One reader of events. Owns its response; what its reader does not take in time ends it. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #clock: Clock
  readonly #after: number
  readonly #stops: (() => void)[] = []
  /** Waiting bytes that are no sign of a slow reader: sent at once, and as long as they are. */
  #allowance = 0
  #hasSnapshot = false
  #missed = 0
  #liveSince = -Infinity
  #live = 0
  #skipped = 0
  #isOver = false

  /** @param after the number of the last message to all that is not for this one, which was not there yet */
  constructor(response: ServerResponse, { clock, after }: { readonly clock: Clock; readonly after: number }) {
    this.#response = response
    this.#clock = clock
    this.#after = after
    response.on('drain', () => {
      this.#allowance = 0
    })
    response.on('close', () => this.#stop())
    response.on('error', () => {
      // It is closed by that, which is all that matters here.
    })
  }

  /** Called once it is over, whoever ended it. */
  onEnd(stop: () => void): void {
    this.#stops.push(stop)
  }

  /** What of these is for it. */
  sendNew(messages: readonly Numbered[]): void {
    this.send(...messages.filter(({ number }) => number > this.#after).map(({ bytes }) => bytes))
  }

  send(...messages: readonly Buffer[]): void {
    if (this.#isOver) return
    this.#write(messages)
    if (this.#response.writableLength > MOST_WAITING_BYTES + this.#allowance) this.#response.destroy()
  }

  /** Something long: may wait as a whole. */
  sendWhole(bytes: Buffer): void {
    if (this.#isOver) return
    this.#allowance += bytes.length
    this.#write([bytes])
    if (this.#response.writableLength === 0) this.#allowance = 0
  }

  /** The next one will be newer: one that would have to wait is left out, but for the first. */
  sendSnapshot(bytes: Buffer): void {
    if (!this.#hasSnapshot || !this.#response.writableNeedDrain) {
      this.#hasSnapshot = true
      this.#missed = 0
      this.sendWhole(bytes)
    } else if (++this.#missed > MOST_MISSED_SNAPSHOTS) this.#response.destroy()
  }

  /** At most so many a second; the rest is counted, and told with the next. */
  sendLive(make: () => Buffer): void {
    const now = this.#clock.now()
    if (now - this.#liveSince >= 1_000) {
      if (this.#skipped > 0) this.send(message('live', { skipped: this.#skipped }))
      this.#skipped = 0
      this.#live = 0
      this.#liveSince = now
    }
    if (this.#live++ < MOST_LIVE_A_SECOND) this.send(make())
    else this.#skipped++
  }

  /** Ends cleanly where its reader keeps up: it may come back. */
  end(): void {
    this.#stop()
    if (this.#response.writableLength > 0) this.#response.destroy()
    else this.#response.end()
  }

  /** Written now. Left alone, node:http writes at the end of the turn: all that a slice sent, in one go. */
  #write(messages: readonly Buffer[]): void {
    const { socket } = this.#response
    socket?.cork()
    for (const bytes of messages) this.#response.write(bytes)
    socket?.uncork()
  }

  #stop(): void {
    this.#isOver = true
    for (const stop of this.#stops.splice(0)) stop()
  }
}
