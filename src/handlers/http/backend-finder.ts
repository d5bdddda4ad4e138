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

/** Who needs a backend. One of the two methods is called for each `find`; neither after `cancel`. */
export interface Seeker {
  readonly servedSession: Session
  /** Where the client belongs. */
  readonly home: Backend | undefined
  /** The request may be sent again. */
  readonly isReplayable: boolean
  /** Clock time of the event that brought the request. */
  readonly startedAt: number
  /** Owns both from here on. */
  onFound(lease: Lease, kept: KeptConnection): void
  onNotFound(answer: ErrorAnswer, code: EndCode): void
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
  readonly #access: PoolAccess
  #connector: Connector | undefined = undefined
  #skip: Set<Backend> | undefined = undefined
  #replays = 0
  #startedAt = 0

  constructor(seeker: Seeker, access: PoolAccess) {
    this.#seeker = seeker
    this.#access = access
  }

  get isQueued(): boolean {
    return this.#connector?.isQueued === true
  }

  /** Finds the first, within the event that brought the request; after `mayFindAnother`, another one. */
  find(): void {
    const { connect } = this.#access
    const lease = this.#lease()
    this.#connect(lease, this.#replays === 0 ? this.#seeker.startedAt : connect.clock.now())
  }

  /** Finds another connection to the backend of `lease`: nothing was sent on the one that was found. */
  findOther(lease: Lease): void {
    this.#connect(lease, this.#access.connect.clock.now())
  }

  /** Nothing is held any longer. */
  cancel(): void {
    if (this.#connector === undefined) return
    this.#connector.cancel()
    this.#noteConnector()
  }

  /** One more backend that was tried, and did not answer. */
  failed(backend: Backend, reason: string): void {
    this.tried = [...this.tried, { backend: backend.id, reason }]
  }

  /** Whether the request, which may be sent again, goes to another backend than `failed`: if so, `find` it. */
  mayFindAnother(failed: Backend, { isReused }: { isReused: boolean }): boolean {
    const { connect, budget } = this.#access
    if (this.#replays >= connect.retries || !budget.take()) return false
    this.#replays++
    connect.pool.replays++
    // A kept connection that its backend has just closed tells nothing against it.
    if (!isReused) this.#skipFailed(failed)
    return true
  }

  onBackend(lease: Lease, conn: Conn): void {
    this.#noteConnector()
    this.#seeker.onFound(lease, this.#access.idle.adopt(conn, lease.backend))
  }

  onNoBackend({ reason, code }: SessionOutcome): void {
    this.#noteConnector()
    const answer = this.#replays > 0 && reason === 'no-backend' ? undefined : NO_BACKEND[reason]
    this.#seeker.onNotFound(answer ?? NOT_REACHED, code)
  }

  /** With a kept connection to that backend, no new one is needed; also where the lease was waited for. */
  takesLease(lease: Lease): boolean {
    return this.#takeKept(lease, this.#access.connect.clock.now())
  }

  #connect(lease: Lease | undefined, now: number): void {
    if (lease !== undefined && this.#takeKept(lease, now)) return
    this.#startedAt = now
    this.#connector = new Connector(this.#seeker.servedSession, this, this.#access.connect)
    this.#connector.begin({ now, lease, skip: this.#skip })
  }

  #takeKept(lease: Lease, now: number): boolean {
    // The first one was stale: the others may be as well.
    if (this.#replays > 0) return false
    const mostIdleMs = this.#seeker.isReplayable ? anyAge : freshAge
    const kept = this.#access.idle.take(lease.backend, { mostIdleMs, now })
    if (kept === undefined) return false
    this.#noteConnector()
    this.#seeker.onFound(lease, kept)
    return true
  }

  #lease(): Lease | undefined {
    const { servedSession, home } = this.#seeker
    const { pool } = this.#access.connect
    if (home !== undefined && this.#skip?.has(home) !== true) {
      const lease = pool.leaseOf(home)
      if (lease !== undefined) return lease
      this.isAwayFromHome = pool.serves(home)
    }
    return pool.lease(servedSession, this.#skip)
  }

  /** The next attempt goes elsewhere while there is an elsewhere. */
  #skipFailed(backend: Backend): void {
    const { pool } = this.#access.connect
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
    this.connectMs += this.#access.connect.clock.now() - this.#startedAt - connector.queueMs
  }
}

const NOT_REACHED: ErrorAnswer = { status: 502, reason: 'No backend could be reached' }

/** What a client is told when there is no backend for it, by the connector's reason. */
const NO_BACKEND: Readonly<Record<string, ErrorAnswer>> = {
  'no-backend': { status: 503, reason: 'No backend is available' },
  'queue-full': { status: 503, reason: 'Too many requests are waiting' },
  'queue-timeout': { status: 503, reason: 'No backend had room in time' },
  'strategy-failed': { status: 500, reason: 'No backend could be chosen' },
  'connect-timeout': { status: 504, reason: 'No backend accepted the connection in time' },
}
