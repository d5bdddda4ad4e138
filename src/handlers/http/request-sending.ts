import type { Conn, ConnSink } from '../../net/conn.ts'
import type { IdleConnections } from '../../pool/idle-connections.ts'
import type { KeptConnection } from '../../pool/kept-connection.ts'
import type { Lease } from '../../pool/lease.ts'
import { RequestBody } from './request-body.ts'

/** What becomes of a connection: kept for another request, closed, or reset amid something. */
export type Parting = 'keep' | 'close' | 'reset'

/** A backend's hold and connection while it serves one request, and the request on its way to it. */
export class RequestSending {
  /** All of the request has come. */
  isDone = true
  /** Bytes of the body that came. */
  bytesIn = 0
  kept: KeptConnection | undefined = undefined
  /** As the backend gets it. */
  head = ''
  readonly #sink: ConnSink
  readonly #isReplayable: boolean
  #body: RequestBody | undefined = undefined
  #lease: Lease | undefined = undefined
  /** Of what its connection carried, what its backend counts already. */
  #countedSent = 0
  #countedReceived = 0

  /** `sink` hears the backend. */
  constructor(sink: ConnSink, options: { isReplayable: boolean }) {
    this.#sink = sink
    this.#isReplayable = options.isReplayable
  }

  /** It may be sent once more, from what is in memory. */
  get mayReplay(): boolean {
    return this.#isReplayable && this.#body?.isWhole !== false
  }

  /** The backend does not take what the client sends. */
  get isBlocked(): boolean {
    return this.kept === undefined || this.kept.conn.isWriting
  }

  /** The request is with the backend whole, and the connection as good as ever. */
  get isSettled(): boolean {
    if (this.kept === undefined || !this.isDone) return false
    const { conn } = this.kept
    // While a part of the body is on its way, it is read from the client's memory.
    return !conn.isWriting && !conn.ended && conn.failure === undefined
  }

  /** Sends what there is of the request. False: nothing more is to be read from the client until it drains. */
  begin(lease: Lease, kept: KeptConnection): boolean {
    const { conn } = kept
    this.#lease = lease
    this.kept = kept
    this.#countedSent = conn.bytesWritten
    this.#countedReceived = conn.bytesRead
    conn.sink = this.#sink
    if (!kept.isReused) conn.start()
    return this.#sendKept(conn)
  }

  /** More of the body came. False: nothing more is to be read from the client until there is a backend, or it drains. */
  send(part: Buffer): boolean {
    this.bytesIn += part.length
    const body = (this.#body ??= new RequestBody({ isReplayable: this.#isReplayable }))
    const conn = this.kept?.conn
    if (conn === undefined) {
      body.hold(part)
      return !body.isFull
    }
    body.passed(part)
    // It may take no more, and yet have answered: its answer, or its end, is near.
    return conn.failure === undefined && conn.write(part)
  }

  /** Adds to the backend's counters what it has got and given since the last time. */
  countBytes(): void {
    if (this.kept === undefined) return
    const { backend, conn } = this.kept
    backend.bytesToBackend += conn.bytesWritten - this.#countedSent
    backend.bytesToClient += conn.bytesRead - this.#countedReceived
    this.#countedSent = conn.bytesWritten
    this.#countedReceived = conn.bytesRead
  }

  /** Holds nothing any longer. */
  part(how: Parting, { idle, now }: { idle: IdleConnections; now: number }): void {
    const { kept } = this
    if (kept === undefined) return
    const { conn } = kept
    this.countBytes()
    this.kept = undefined
    if (how === 'reset') conn.reset()
    else if (how === 'close') conn.close()
    else idle.put(kept, now)
    this.#lease?.release()
    this.#lease = undefined
  }

  #sendKept(conn: Conn): boolean {
    const body = this.#body
    if (body === undefined || body.isEmpty) {
      return this.isDone ? conn.writeTextSoon(this.head) : conn.writeText(this.head)
    }
    const isTaken = conn.writeAll(body.after(this.head))
    body.sent()
    return isTaken
  }
}
