import type { Backend } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Events, FailedAttempt } from '../core/events.ts'
import { isLocalFault } from '../core/local-fault.ts'
import type { Conn } from '../net/conn.ts'
import type { DialAttempt, Dialer, DialSink } from '../net/dial.ts'
import type { TlsVerification } from '../net/socket-io.ts'
import type { Session, SessionOutcome } from '../net/session.ts'
import type { Lease } from '../pool/lease.ts'
import type { Pool } from '../pool/pool.ts'
import type { QueueFailure, QueueSink, Waiter } from '../pool/queue.ts'
import { AttemptError } from './attempt-error.ts'
import { retryConnect } from './retry-connect.ts'

/** What all connectors of one listener share. */
export interface ConnectOptions {
  readonly pool: Pool
  readonly dialer: Dialer
  readonly clock: Clock
  readonly random: () => number
  readonly events: Events
  /** How TLS backends are verified; undefined = against the system's certificate authorities. */
  readonly tls: TlsVerification | undefined
  /** For one attempt; 0 = never. */
  readonly connectTimeoutMs: number
  /** Attempts after the first. */
  readonly retries: number
  /** A connect failed, by the backend's fault. Called before the next attempt. */
  readonly onConnectFailed: (backend: Backend) => void
  /** A connect failed, by this machine's fault. */
  readonly onLocalFault: (code: string) => void
}

/** Who wants a backend. One of the two is called, once; neither after `cancel`. */
export interface ConnectorSink {
  /** Owns both from here on, and releases the lease. */
  onBackend(lease: Lease, conn: Conn): void
  onNoBackend(outcome: SessionOutcome): void
  /** A lease is there. True: the sink has a connection to that backend already, owns the lease, and hears no more. */
  takesLease?(lease: Lease): boolean
}

const NONE_TRIED: readonly FailedAttempt[] = []

/**
 * Finds a backend for a session: a lease, a connection, and more attempts where one fails. The first attempt is plain
 * callbacks, since most sessions need no second; only a failure brings in the retry policy with its promises.
 */
export class Connector implements DialSink, QueueSink {
  readonly session: Session
  readonly options: ConnectOptions
  tried: readonly FailedAttempt[] = NONE_TRIED
  /** Of the attempt that failed last. */
  lastFailed: Backend | undefined = undefined
  queueMs = 0
  /** Clock time when the connection was there; 0 before. */
  connectedAt = 0
  readonly #sink: ConnectorSink
  #lease: Lease | undefined = undefined
  #waiter: Waiter | undefined = undefined
  #queuedAt = 0
  /** When the attempt under way was begun. */
  #attemptAt = 0
  #dial: DialAttempt | undefined = undefined
  #settled = false
  /** Set while the retry policy is at work: settles the attempt under way. */
  #attempt: { resolve: () => void; reject: (error: AttemptError) => void } | undefined = undefined
  #retrying: AbortController | undefined = undefined

  constructor(session: Session, sink: ConnectorSink, options: ConnectOptions) {
    this.session = session
    this.#sink = sink
    this.options = options
  }

  /** Waits for a backend with room, rather than for a connect. */
  get isQueued(): boolean {
    return this.#waiter !== undefined
  }

  /** `now`: clock time. `lease`: the caller has one already. `skip`: backends that it has tried in vain. */
  begin(given: { now: number; lease?: Lease | undefined; skip?: ReadonlySet<Backend> | undefined }): void {
    this.#attemptAt = given.now
    if (given.lease !== undefined) this.onLease(given.lease)
    else this.#connect(given.skip)
  }

  /** One more attempt, on a backend outside `skip`; for the retry policy. Rejects with an `AttemptError`. */
  connectAgain(skip: ReadonlySet<Backend>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#attempt = { resolve, reject }
      this.#attemptAt = this.options.clock.now()
      this.#connect(skip)
    })
  }

  /** Calls everything off; nothing is held any longer. */
  cancel(): void {
    if (this.#settled) return
    this.#settled = true
    this.#dial?.cancel()
    if (this.#waiter !== undefined) {
      this.options.pool.leave(this.#waiter)
      this.options.pool.queueCounters.failures['client-left']++
      this.#leftQueue()
    }
    this.#lease?.release()
    this.#retrying?.abort()
    this.#attempt?.reject(new AttemptError(CANCELLED, { isFinal: true }))
  }

  onLease(lease: Lease): void {
    const { dialer, connectTimeoutMs, tls } = this.options
    if (this.#waiter !== undefined) this.#leftQueue()
    if (this.#sink.takesLease?.(lease) === true) {
      this.#settled = true
      this.#attempt?.resolve()
      return
    }
    this.#lease = lease
    this.#dial = dialer.dial(lease.backend, connectTimeoutMs, this, tls)
  }

  onQueueFailed(failure: QueueFailure): void {
    const { pool } = this.options
    pool.queueCounters.failures[failure]++
    this.#leftQueue()
    if (failure === 'timeout') return this.#fail(QUEUE_TIMEOUT, { isFinal: true })
    this.#fail(pool.hasStrategyFailed ? STRATEGY_FAILED_QUEUED : NO_BACKEND_LEFT, { isFinal: true })
  }

  onDialed(conn: Conn): void {
    const lease = this.#lease as Lease
    if (lease.backend.isClosed) {
      conn.reset()
      return this.#attemptFailed(lease, 'removed')
    }
    this.#settled = true
    this.connectedAt = this.options.clock.now()
    lease.backend.connectTime.record(this.connectedAt - this.#attemptAt)
    this.options.pool.connectSucceeded(lease.backend)
    this.#sink.onBackend(lease, conn)
    this.#attempt?.resolve()
  }

  onDialFailed(reason: string): void {
    const { pool, onConnectFailed, onLocalFault } = this.options
    const lease = this.#lease as Lease
    const { backend } = lease
    this.#attemptFailed(lease, reason, () => {
      if (isLocalFault(reason)) return onLocalFault(reason)
      pool.connectFailed(backend)
      onConnectFailed(backend)
    })
  }

  /** `tell`: before the next attempt, when this one holds its backend no more. */
  #attemptFailed(lease: Lease, reason: string, tell?: () => void): void {
    this.tried = [...this.tried, { backend: lease.backend.id, reason }]
    this.lastFailed = lease.backend
    this.#dial = undefined
    this.#lease = undefined
    lease.release()
    tell?.()
    this.#fail(outcomeOf(reason), { isFinal: false })
  }

  /** Takes a lease, or queues for one, and dials. */
  #connect(skip: ReadonlySet<Backend> | undefined): void {
    const { pool } = this.options
    const lease = pool.lease(this.session, skip)
    if (lease !== undefined) return this.onLease(lease)
    if (pool.hasStrategyFailed) return this.#fail(STRATEGY_FAILED, { isFinal: true })
    if (!pool.hasEligible(skip)) return this.#fail(NO_BACKEND, { isFinal: true })
    if (!pool.hasQueueRoom) {
      pool.queueCounters.failures.full++
      return this.#fail(QUEUE_FULL, { isFinal: true })
    }
    this.#queuedAt = this.options.clock.now()
    this.#waiter = pool.wait(this.session, skip, this)
  }

  /** An attempt came to nothing: on to the next, or this is the end. */
  #fail(outcome: SessionOutcome, { isFinal }: { isFinal: boolean }): void {
    // Who heard of the failure may have closed the balancer.
    if (this.#settled) return
    const attempt = this.#attempt
    if (attempt !== undefined) {
      this.#attempt = undefined
      return attempt.reject(new AttemptError(outcome, { isFinal }))
    }
    if (isFinal || this.options.retries === 0) return this.#giveUp(outcome)
    this.#retrying = new AbortController()
    void this.#retry(this.#retrying.signal)
  }

  async #retry(signal: AbortSignal): Promise<void> {
    try {
      const failed = await retryConnect(this, { signal })
      if (failed !== undefined) this.#giveUp(failed)
    } catch (error) {
      this.#giveUp({ code: 'IC', reason: `internal: ${String(error)}` })
    }
  }

  #giveUp(outcome: SessionOutcome): void {
    if (this.#settled) return
    this.#settled = true
    this.#sink.onNoBackend(outcome)
  }

  #leftQueue(): void {
    const { clock, pool } = this.options
    this.#waiter = undefined
    this.#attemptAt = clock.now()
    const waitedMs = this.#attemptAt - this.#queuedAt
    this.queueMs += waitedMs
    pool.queueCounters.time.record(waitedMs)
  }
}

const NO_BACKEND: SessionOutcome = { code: 'SC', reason: 'no-backend' }
const NO_BACKEND_LEFT: SessionOutcome = { code: 'SQ', reason: 'no-backend' }
const STRATEGY_FAILED: SessionOutcome = { code: 'IC', reason: 'strategy-failed' }
const STRATEGY_FAILED_QUEUED: SessionOutcome = { code: 'IQ', reason: 'strategy-failed' }
const QUEUE_FULL: SessionOutcome = { code: 'RQ', reason: 'queue-full' }
const QUEUE_TIMEOUT: SessionOutcome = { code: 'sQ', reason: 'queue-timeout' }
const CANCELLED: SessionOutcome = { code: 'CC', reason: 'cancelled' }

function outcomeOf(reason: string): SessionOutcome {
  if (reason === 'timeout') return { code: 'sC', reason: 'connect-timeout' }
  if (reason === 'ECONNREFUSED') return { code: 'SC', reason: 'connect-refused' }
  return { code: isLocalFault(reason) ? 'RC' : 'SC', reason: `connect-failed: ${reason}` }
}
