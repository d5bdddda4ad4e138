import type { ServerResponse } from 'node:http'
import type { ControlPort } from '../../control/port.ts'
import type { Clock } from '../../core/clock.ts'
import { EventHistory } from '../../core/event-history.ts'
import type { PastEvent } from '../../core/event-history.ts'
import type { BalancerEvents, EventName } from '../../core/events.ts'
import { ApiError } from '../api-error.ts'
import { KEPT_EVENTS } from './event-names.ts'
import { EventStream, message } from './event-stream.ts'
import { Repeater } from './repeater.ts'

const HEARTBEAT_MS = 15_000
const SNAPSHOT_MS = 1_000
const HEARTBEAT = Buffer.from(':\n\n')
const RECONNECT_MS = 1_000

export interface EventStreamsOptions {
  readonly control: ControlPort
  readonly clock: Clock
  /** What `snapshot` messages hold. */
  readonly status: () => unknown
  readonly most: number
}

/** What a reader asked for. */
export interface Wanted {
  /** `RUN.NUMBER`, or a number of this run; undefined = only what is to come. */
  readonly since: string | undefined
  readonly snapshot: boolean
  readonly live: readonly EventName[]
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
  #latest: { readonly bytes: Buffer; readonly at: number } | undefined

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
      const bytes = this.#messageOf(event)
      for (const stream of this.#streams) stream.send(bytes)
    })
    this.#heartbeat = new Repeater({ clock, everyMs: HEARTBEAT_MS, run: () => this.#beat() })
    this.#snapshots = new Repeater({ clock, everyMs: SNAPSHOT_MS, run: () => this.#sendSnapshots() })
  }

  get size(): number {
    return this.#streams.size
  }

  /** @throws {ApiError} 503 */
  assertRoom(): void {
    if (this.#streams.size < this.#options.most) return
    throw new ApiError(503, {
      code: 'TOO_MANY_STREAMS',
      message: `${this.#options.most} event streams are open, which is the most`,
      headers: { 'Retry-After': '5' },
    })
  }

  /** Owns the response, whose head is sent, from here on. */
  open(response: ServerResponse, { since, snapshot, live }: Wanted): void {
    const stream = new EventStream(response, { clock: this.#options.clock })
    this.#streams.add(stream)
    this.#heartbeat.start()
    stream.onEnd(() => this.#forget(stream))
    stream.sendWhole(Buffer.concat([Buffer.from(`retry: ${RECONNECT_MS}\n\n`), ...this.#replay(since)]))
    for (const name of live) this.#follow(stream, name)
    if (!snapshot) return
    this.#watching.add(stream)
    stream.sendSnapshot(this.#snapshot())
    this.#snapshots.start()
  }

  close(): void {
    this.#history.close()
    for (const stream of this.#streams) stream.end()
  }

  #forget(stream: EventStream): void {
    this.#streams.delete(stream)
    this.#watching.delete(stream)
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
      stream.sendLive(() => message('live', { at: clock.wallTime(), name, data }))
    }
    control.on(name, listener)
    stream.onEnd(() => void control.off(name, listener))
  }

  #beat(): void {
    for (const stream of this.#streams) stream.send(HEARTBEAT)
  }

  #sendSnapshots(): void {
    const bytes = this.#snapshot()
    for (const stream of this.#watching) stream.sendSnapshot(bytes)
  }

  /** At most one a second is made, for all streams. */
  #snapshot(): Buffer {
    const now = this.#options.clock.now()
    if (this.#latest !== undefined && now - this.#latest.at < SNAPSHOT_MS) return this.#latest.bytes
    const bytes = message('snapshot', this.#options.status())
    this.#latest = { bytes, at: now }
    return bytes
  }
}
