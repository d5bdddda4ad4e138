import type { Conn, ConnSink } from '../../net/conn.ts'
import { turnEnd } from '../../net/turn-end.ts'
import type { TurnEndSink } from '../../net/turn-end.ts'
import type { IdleConnections } from '../../pool/idle-connections.ts'
import type { KeptConnection } from '../../pool/kept-connection.ts'
import type { Lease } from '../../pool/lease.ts'
import { RequestBody } from './request-body.ts'

/** What becomes of a connection: kept for another request, closed, or reset amid something. */
export type Parting = 'keep' | 'close' | 'reset'

/** Who sends it. */
export interface SendingSink extends ConnSink {
  /** What there is of the request was sent. False: nothing more is to be read from the client until `conn` drains. */
  onSent(isTaken: boolean): void
}

/** A backend's hold and connection while it serves one request, and the request on its way to it. */
export class RequestSending implements TurnEndSink {
  /** All of the request has come. */
  isDone = true
  /** Bytes of the body that came. */
  bytesIn = 0
  kept: KeptConnection | undefined = undefined
  /** As the backend gets it. */
  head = ''
  readonly #sink: SendingSink
  readonly #isReplayable: boolean
  #body: RequestBody | undefined = undefined
  #lease: Lease | undefined = undefined
  /** For the end of the turn, or the next. */
  #isWaiting = false
  /** Of what its connection carried, what its backend counts already. */
  #countedSent = 0
  #countedReceived = 0

  /** `sink` hears the backend. */
  constructor(sink: SendingSink, options: { isReplayable: boolean }) {
    this.#sink = sink
    this.#isReplayable = options.isReplayable
  }

  /** It may be sent once more, from what is in memory. */
  get mayReplay(): boolean {
    return this.#isReplayable && this.#body?.isWhole !== false
  }

  /** There is a connection, on which nothing of it has gone out. What comes on that one is no answer to it. */
  get isUnsent(): boolean {
    return this.#isWaiting
  }

  /** The backend does not take what the client sends. */
  get isBlocked(): boolean {
    return this.kept === undefined || this.#isWaiting || this.kept.conn.isWriting
  }

  /** The request is with the backend whole, and the connection as good as ever. */
  get isSettled(): boolean {
    if (this.kept === undefined || !this.isDone) return false
    const { conn } = this.kept
    // While a part of the body is on its way, it is read from the client's memory.
    return !conn.isWriting && !conn.ended && conn.failure === undefined
  }

  /**
   * Sends what there is of the request. On a connection that was idle only when the turn ends, and the system has been
   * asked since it came back: bytes behind the last response would be taken for the answer to this request, and a FIN
   * for the end of the one that it was sent on.
   */
  begin(lease: Lease, kept: KeptConnection): void {
    const { conn } = kept
    this.#lease = lease
    this.kept = kept
    this.#countedSent = conn.bytesWritten
    this.#countedReceived = conn.bytesRead
    conn.sink = this.#sink
    if (kept.isReused) {
      this.#isWaiting = true
      turnEnd.awaitAllRead(this)
    } else {
      conn.start()
      this.#sink.onSent(this.#sendHeld(conn, { isTurnOver: false }))
    }
  }

  onTurnEnd(): void {
    const { kept } = this
    // It may have been parted from by now, and have another.
    if (kept === undefined || !this.#isWaiting) return
    if (!kept.isProven) return turnEnd.awaitAllRead(this)
    this.#isWaiting = false
    this.#sink.onSent(this.#sendHeld(kept.conn, { isTurnOver: true }))
  }

  /** Its connection was no good before anything was sent on it: gives back the lease, for another one. */
  giveUp(): Lease {
    const lease = this.#lease as Lease
    this.countBytes()
    this.kept?.conn.close()
    this.#forget()
    return lease
  }

  /** More of the body came. False: nothing more is to be read from the client until there is a backend, or it drains. */
  send(part: Buffer): boolean {
    this.bytesIn += part.length
    const body = (this.#body ??= new RequestBody({ isReplayable: this.#isReplayable }))
    const conn = this.#isWaiting ? undefined : this.kept?.conn
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
    const lease = this.#lease
    this.countBytes()
    this.#forget()
    if (how === 'reset') conn.reset()
    else if (how === 'close') conn.close()
    else idle.put(kept, now)
    lease?.release()
  }

  #forget(): void {
    this.kept = undefined
    this.#lease = undefined
    this.#isWaiting = false
  }

  #sendHeld(conn: Conn, { isTurnOver }: { isTurnOver: boolean }): boolean {
    const body = this.#body
    if (body === undefined || body.isEmpty) {
      return this.isDone && !isTurnOver ? conn.writeTextSoon(this.head) : conn.writeText(this.head)
    }
    const isTaken = conn.writeAll(body.after(this.head))
    body.sent()
    return isTaken
  }
}
