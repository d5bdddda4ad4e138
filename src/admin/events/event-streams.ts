import type { ServerResponse } from 'node:http'
import type { ControlPort } from '../../control/port.ts'
import type { Clock } from '../../core/clock.ts'
import { EventHistory } from '../../core/event-history.ts'
import type { PastEvent } from '../../core/event-history.ts'
import type { BalancerEvents, EventName } from '../../core/events.ts'
import { ApiError } from '../api-error.ts'
import type { Piece, Writer } from '../http/pieces.ts'
import { Slice } from '../slice.ts'
import { KEPT_EVENTS } from './event-names.ts'
import { EventStream, message } from './event-stream.ts'
import type { Numbered } from './event-stream.ts'
import { Repeater } from '../repeater.ts'

const HEARTBEAT_MS = 15_000
const SNAPSHOT_MS = 1_000
/** A timer that comes a little early must not make its snapshot be left out. */
const FRESH_MS = SNAPSHOT_MS - 50
const HEARTBEAT = Buffer.from(':\n\n')
const SNAPSHOT_HEAD = Buffer.from('event: snapshot\ndata: ')
const MESSAGE_END = Buffer.from('\n\n')
const RECONNECT_MS = 1_000
/** A stream gets so much at a time where much has happened: a write a message would take tens of times as long. */
const BATCH_BYTES = 32 * 1_024

export interface EventStreamsOptions {
  readonly control: ControlPort
  readonly clock: Clock
  /** What `snapshot` messages hold. */
  readonly status: () => Iterable<Piece>
  readonly writer: Writer
  /** Streams, and of those such with snapshots. */
  readonly most: { readonly streams: number; readonly watchers: number }
}

/** What a reader asked for. */
export interface Wanted {
  /** `RUN.NUMBER`, or a number of this run; undefined = only what is to come. */
  readonly since: string | undefined
  readonly snapshot: boolean
  readonly live: readonly EventName[]
}

interface Latest {
  readonly bytes: Buffer
  readonly at: number
}

/** All readers of events. While there are none, all that it does is to keep the latest changes of state. */
export class EventStreams {
  readonly #options: EventStreamsOptions
  readonly #history: EventHistory
  /** Tells this run's ids from those of another. */
  readonly #run: string
  readonly #streams = new Set<EventStream>()
  readonly #watching = new Set<EventStream>()
  readonly #heartbeat: Repeater
  readonly #snapshots: Repeater
  #latest: Latest | undefined
  #live: { readonly name: EventName; readonly data: unknown; readonly bytes: Buffer } | undefined
  #isMaking = false
  /** Messages to all which not all have. */
  readonly #toSend: Numbered[] = []
  #lastNumber = 0
  #isSending = false
  #isClosed = false

  constructor(options: EventStreamsOptions) {
    const { control, clock } = options
    this.#options = options
    this.#run = clock.wallTime().toString(36)
    this.#history = new EventHistory({
      events: control,
      names: KEPT_EVENTS,
      wallTime: () => clock.wallTime(),
    })
    this.#history.follow((event) => {
      if (this.#streams.size === 0) return
      this.#toAll(this.#messageOf(event))
    })
    this.#heartbeat = new Repeater({ clock, everyMs: HEARTBEAT_MS, run: () => this.#toAll(HEARTBEAT) })
    this.#snapshots = new Repeater({ clock, everyMs: SNAPSHOT_MS, run: () => void this.#sendSnapshots() })
  }

  get size(): number {
    return this.#streams.size
  }

  /** @throws {ApiError} 503 */
  assertRoom({ snapshot }: Pick<Wanted, 'snapshot'>): void {
    if (this.#isClosed) throw new ApiError(503, { code: 'CLOSED', message: 'the admin listener closes' })
    const { streams, watchers } = this.#options.most
    if (this.#streams.size >= streams) throw tooMany(`${streams} event streams`)
    if (snapshot && this.#watching.size >= watchers) throw tooMany(`${watchers} event streams with snapshots`)
  }

  /** Owns the response, whose head is sent, from here on. */
  open(response: ServerResponse, { since, snapshot, live }: Wanted): void {
    const stream = new EventStream(response, { clock: this.#options.clock, after: this.#lastNumber })
    this.#streams.add(stream)
    this.#heartbeat.start()
    stream.onEnd(() => this.#forget(stream))
    stream.sendWhole(Buffer.concat([Buffer.from(`retry: ${RECONNECT_MS}\n\n`), ...this.#replay(since)]))
    for (const name of live) this.#follow(stream, name)
    if (!snapshot) return
    this.#watching.add(stream)
    this.#snapshots.start()
    if (this.#isFresh()) stream.sendSnapshot((this.#latest as Latest).bytes)
    else void this.#sendSnapshots()
  }

  close(): void {
    this.#isClosed = true
    this.#history.close()
    for (const stream of this.#streams) stream.end()
  }

  #forget(stream: EventStream): void {
    this.#streams.delete(stream)
    this.#watching.delete(stream)
    this.#live = undefined
    if (this.#streams.size === 0) this.#heartbeat.stop()
    if (this.#watching.size > 0) return
    this.#snapshots.stop()
    this.#latest = undefined
  }

  #replay(since: string | undefined): Buffer[] {
    if (since === undefined) return []
    const [id, run] = since.split('.').toReversed()
    // Ids of another run say nothing of this one, whose every event is news.
    const last = run === undefined || run === this.#run ? Number(id) : 0
    const past = this.#history.since(last)
    const missed = (past[0]?.id ?? this.#history.lastId + 1) - last - 1
    return [
      ...(missed > 0 ? [message('gap', { missed })] : []),
      ...past.map((event) => this.#messageOf(event)),
    ]
  }

  #messageOf(event: PastEvent): Buffer {
    return message('event', event, `${this.#run}.${event.id}`)
  }

  #follow(stream: EventStream, name: EventName): void {
    const { control, clock } = this.#options
    const listener = (data: BalancerEvents[EventName][0]): void => {
      stream.sendLive(() => {
        // Made by the first of the streams that are told of it.
        if (this.#live?.data !== data || this.#live.name !== name) {
          this.#live = { name, data, bytes: message('live', { at: clock.wallTime(), name, data }) }
        }
        return this.#live.bytes
      })
    }
    control.on(name, listener)
    stream.onEnd(() => void control.off(name, listener))
  }

  /** In order. Who comes later has it from the replay, or did not ask for it. */
  #toAll(bytes: Buffer): void {
    this.#toSend.push({ bytes, number: ++this.#lastNumber })
    if (!this.#isSending) void this.#sendToAll()
  }

  /** A few streams have it at once; to hundreds of them it goes beside the traffic. Never rejects. */
  async #sendToAll(): Promise<void> {
    this.#isSending = true
    const slice = new Slice(this.#options.clock)
    while (this.#toSend.length > 0) {
      const batch = this.#takeBatch()
      for (const stream of this.#streams) {
        stream.sendNew(batch)
        if (slice.isOver) await slice.rest()
      }
    }
    this.#isSending = false
  }

  #takeBatch(): readonly Numbered[] {
    let length = 0
    const end = this.#toSend.findIndex(({ bytes }) => (length += bytes.length) >= BATCH_BYTES)
    return this.#toSend.splice(0, end === -1 ? this.#toSend.length : end + 1)
  }

  /** To all who watch. At most one a second is made, and never two at once. Never rejects. */
  async #sendSnapshots(): Promise<void> {
    const { writer, status, clock, control } = this.#options
    if (this.#isMaking || this.#isFresh()) return
    this.#isMaking = true
    const at = clock.now()
    try {
      const { pieces } = await writer.write(status)
      const bytes = Buffer.concat([SNAPSHOT_HEAD, ...pieces, MESSAGE_END])
      if (this.#watching.size > 0) this.#latest = { bytes, at }
      await this.#spread(bytes)
    } catch (error) {
      control.emit('fault:local', { code: 'ADMIN', message: `no snapshot could be made: ${String(error)}` })
    } finally {
      this.#isMaking = false
    }
  }

  /** A megabyte each, so not to all in one turn. Who comes meanwhile has the latest from the start. */
  async #spread(bytes: Buffer): Promise<void> {
    const slice = new Slice(this.#options.clock)
    const asked = [...this.#watching]
    for (const stream of asked) {
      stream.sendSnapshot(bytes)
      if (slice.isOver) await slice.rest()
    }
  }

  #isFresh(): boolean {
    return this.#latest !== undefined && this.#options.clock.now() - this.#latest.at < FRESH_MS
  }
}

function tooMany(what: string): ApiError {
  return new ApiError(503, {
    code: 'TOO_MANY_STREAMS',
    message: `${what} are open, which is the most`,
    headers: { 'Retry-After': '5' },
  })
}
