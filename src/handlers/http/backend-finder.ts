import type { Backend } from '../../core/backend.ts'
import type { EndCode, FailedAttempt } from '../../core/events.ts'
import type { Conn } from '../../net/conn.ts'
import type { Session, SessionOutcome } from '../../net/session.ts'
import type { KeptConnection } from '../../pool/kept-connection.ts'
import type { Lease } from '../../pool/lease.ts'
import type { ConnectorSink } from '../connector.ts'
import { Connector } from '../connector.ts'
import type { ErrorAnswer } from './error-response.ts'
import type { PoolAccess } from './pool-access.ts'
import { anyAge, freshAge } from './replay-policy.ts'

/** Who needs a backend. One of the two is called for each `find`; neither after `cancel`. */
export interface FinderSink {
  /** Owns both from here on. `isReused`: the connection has served other requests before. */
  onFound(lease: Lease, kept: KeptConnection, options: { isReused: boolean }): void
  onNotFound(answer: ErrorAnswer, code: EndCode): void
}

/** For whom a backend is sought. */
export interface Seeker {
  readonly session: Session
  readonly access: PoolAccess
  /** Where the client belongs. */
  readonly home: Backend | undefined
  /** The request may be sent again. */
  readonly mayReplay: boolean
}

const NONE_TRIED: readonly FailedAttempt[] = []

/** Finds a backend for one request, with a connection that was kept or is new; and another one for a replay. */
export class BackendFinder implements ConnectorSink {
  tried: readonly FailedAttempt[] = NONE_TRIED
  queueMs = 0
  connectMs = 0
  /** The client belongs to a backend that has no room just now. */
  isAwayFromHome = false
  readonly #seeker: Seeker
  readonly #sink: FinderSink
  #connector: Connector | undefined = undefined
  #skip: Set<Backend> | undefined = undefined
  #replays = 0
  #startedAt = 0

  constructor(seeker: Seeker, sink: FinderSink) {
    this.#seeker = seeker
    this.#sink = sink
  }

  get isQueued(): boolean {
    return this.#connector?.isQueued === true
  }

  find(): void {
    const { access, session } = this.#seeker
    const lease = this.#lease()
    if (lease !== undefined && this.takesLease(lease)) return
    this.#startedAt = access.connect.clock.now()
    this.#connector = new Connector(session, this, access.connect)
    this.#connector.begin({ now: this.#startedAt, lease, skip: this.#skip })
  }

  /** Nothing is held any longer. */
  cancel(): void {
    this.#connector?.cancel()
    this.#connector = undefined
  }

  /** One more backend that was tried, and did not answer. */
  failed(backend: Backend, reason: string): void {
    this.tried = [...this.tried, { backend: backend.id, reason }]
  }

  /** Whether the request, which may be sent again, goes to another backend than `failed`: if so, `find` it. */
  mayFindAnother(failed: Backend, { isReused }: { isReused: boolean }): boolean {
    const { connect, budget } = this.#seeker.access
    if (this.#replays >= connect.retries || !budget.take()) return false
    this.#replays++
    connect.pool.replays++
    // A kept connection that its backend has just closed tells nothing against it.
    if (!isReused) this.#skipFailed(failed)
    return true
  }

  onBackend(lease: Lease, conn: Conn): void {
    this.#noteConnector()
    this.#sink.onFound(lease, this.#seeker.access.idle.adopt(conn, lease.backend), { isReused: false })
  }

  onNoBackend({ reason, code }: SessionOutcome): void {
    this.#noteConnector()
    const answer = this.#replays > 0 && reason === 'no-backend' ? undefined : NO_BACKEND[reason]
    this.#sink.onNotFound(answer ?? NOT_REACHED, code)
  }

  /** With a kept connection to that backend, no new one is needed; also where the lease was waited for. */
  takesLease(lease: Lease): boolean {
    const { access, mayReplay } = this.#seeker
    // The first one was stale: the others may be as well.
    if (this.#replays > 0) return false
    const kept = access.idle.take(lease.backend, mayReplay ? anyAge : freshAge)
    if (kept === undefined) return false
    this.#noteConnector()
    this.#sink.onFound(lease, kept, { isReused: true })
    return true
  }

  #lease(): Lease | undefined {
    const { access, session, home } = this.#seeker
    const { pool } = access.connect
    if (home !== undefined && this.#skip?.has(home) !== true) {
      const lease = pool.leaseOf(home)
      if (lease !== undefined) return lease
      this.isAwayFromHome = pool.serves(home)
    }
    return pool.lease(session, this.#skip)
  }

  /** The next attempt goes elsewhere while there is an elsewhere. */
  #skipFailed(backend: Backend): void {
    const { pool } = this.#seeker.access.connect
    this.#skip ??= new Set()
    this.#skip.add(backend)
    if (!pool.hasEligible(this.#skip)) this.#skip = undefined
  }

  #noteConnector(): void {
    const connector = this.#connector
    if (connector === undefined) return
    this.#connector = undefined
    this.tried = this.tried.length === 0 ? connector.tried : [...this.tried, ...connector.tried]
    this.queueMs += connector.queueMs
    this.connectMs += this.#seeker.access.connect.clock.now() - this.#startedAt - connector.queueMs
  }
}

const NOT_REACHED: ErrorAnswer = { status: 502, reason: 'No backend could be reached' }

/** What a client is told when there is no backend for it, by the connector's reason. */
const NO_BACKEND: Readonly<Record<string, ErrorAnswer>> = {
  'no-backend': { status: 503, reason: 'No backend is available' },
  'queue-full': { status: 503, reason: 'Too many requests are waiting' },
  'queue-timeout': { status: 503, reason: 'No backend had room in time' },
  'connect-timeout': { status: 504, reason: 'No backend accepted the connection in time' },
}
