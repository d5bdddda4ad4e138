import type { Backend } from '../core/backend.ts'
import type { FailedAttempt } from '../core/events.ts'
import type { Conn, ConnSink } from '../net/conn.ts'
import type { Dial, DialSink } from '../net/dial.ts'
import { isLocalFault } from '../net/dial.ts'
import { Relay } from '../net/relay.ts'
import type { RelayEnd, RelayOwner } from '../net/relay.ts'
import type { Session, SessionHolder, SessionOutcome } from '../net/session.ts'
import type { Lease } from '../pool/lease.ts'
import type { QueueFailure, QueueSink, Waiter } from '../pool/queue.ts'
import { AttemptError } from './attempt-error.ts'
import { EarlyBytes } from './early-bytes.ts'
import type { ForwardTcpOptions } from './forward-tcp.ts'
import { retryConnect } from './retry-connect.ts'
import type { Retryable } from './retry-connect.ts'

const NONE_TRIED: readonly FailedAttempt[] = []
const NO_BACKEND: SessionOutcome = { code: 'SC', reason: 'no-backend' }

/**
 * The way of one session: a lease, a connection, a relay. The first attempt is plain callbacks, since most sessions
 * need no second; only a failure brings in the retry policy with its promises.
 */
export class TcpForwarding implements SessionHolder, Retryable, ConnSink, DialSink, QueueSink, RelayOwner {
  readonly session: Session
  readonly options: ForwardTcpOptions
  tried: FailedAttempt[] | readonly FailedAttempt[] = NONE_TRIED
  queueMs = 0
  connectMs = 0
  #early: EarlyBytes | undefined = undefined
  #lease: Lease | undefined = undefined
  #waiter: Waiter | undefined = undefined
  #queuedAt = 0
  #dial: Dial | undefined = undefined
  #relay: Relay | undefined = undefined
  #ended = false
  /** Set while the retry policy is at work: settles the attempt under way. */
  #attempt: { resolve: () => void; reject: (error: AttemptError) => void } | undefined = undefined
  #retrying: AbortController | undefined = undefined

  constructor(session: Session, options: ForwardTcpOptions) {
    this.session = session
    this.options = options
  }

  get backend(): Backend | undefined {
    return this.#relay === undefined ? undefined : this.#lease?.backend
  }

  get pool(): string {
    return this.options.pool.name
  }

  get bytesIn(): number {
    return this.session.conn.bytesRead
  }

  get bytesOut(): number {
    return this.session.conn.bytesWritten
  }

  begin(): void {
    const { session } = this
    session.holder = this
    session.conn.sink = this
    session.conn.start()
    this.connect(undefined)
  }

  /** One attempt: takes a lease, or queues for one, and dials. */
  connect(skip: ReadonlySet<Backend> | undefined): void {
    const { pool } = this.options
    const lease = pool.lease(this.session, skip)
    if (lease !== undefined) return this.onLease(lease)
    if (!pool.hasEligible(skip)) return this.#failAttempt(NO_BACKEND, { isFinal: true })
    if (!pool.hasQueueRoom) return this.#failAttempt({ code: 'RQ', reason: 'queue-full' }, { isFinal: true })
    this.#queuedAt = this.options.clock.now()
    this.#waiter = pool.wait(this.session, skip, this)
  }

  /** {@link connect} as a promise, for the retry policy. */
  connectAgain(skip: ReadonlySet<Backend>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#attempt = { resolve, reject }
      this.connect(skip)
    })
  }

  abort(outcome: SessionOutcome): void {
    if (this.#relay === undefined) this.#end(outcome)
    else this.#relay.abort(outcome)
  }

  onLease(lease: Lease): void {
    const { dialer, connectTimeoutMs } = this.options
    if (this.#waiter !== undefined) this.#leftQueue()
    this.#lease = lease
    this.#dial = dialer.dial(lease.backend, connectTimeoutMs, this)
  }

  onQueueFailed(failure: QueueFailure): void {
    this.#leftQueue()
    if (failure === 'timeout') this.#failAttempt({ code: 'sQ', reason: 'queue-timeout' }, { isFinal: true })
    else this.#failAttempt({ code: 'SQ', reason: 'no-backend' }, { isFinal: true })
  }

  onDialed(conn: Conn): void {
    const { pool, clock, relay } = this.options
    const backend = (this.#lease as Lease).backend
    pool.connectSucceeded(backend)
    this.#dial = undefined
    this.#retrying = undefined
    this.connectMs = clock.now() - this.session.startedAt - this.queueMs
    this.#relay = new Relay(this.session.conn, conn, this, relay)
    this.#relay.start(this.#early?.chunks ?? [])
    this.#early = undefined
    this.#attempt?.resolve()
  }

  onDialFailed(reason: string): void {
    const { pool, onConnectFailed, onLocalFault } = this.options
    const { backend } = this.#lease as Lease
    if (this.tried === NONE_TRIED) this.tried = []
    ;(this.tried as FailedAttempt[]).push({ backend: backend.id, reason })
    this.#dial = undefined
    this.#releaseLease()
    if (isLocalFault(reason)) {
      onLocalFault(reason)
    } else {
      pool.connectFailed(backend)
      onConnectFailed(backend)
    }
    this.#failAttempt(outcomeOf(reason))
  }

  onData(conn: Conn, chunk: Buffer): void {
    this.#early ??= new EarlyBytes()
    this.#early.add(conn, chunk)
  }

  onEnd(): void {
    // Half-closed: the client has said all it has to say, and waits for an answer.
  }

  onDrain(): void {
    // Nothing is written to the client before a backend is there.
  }

  /** The client left before a backend was there. */
  onBroken(): void {
    this.#end({ code: this.#waiter === undefined ? 'CC' : 'CQ', reason: 'client-reset' })
  }

  onRelayEnd(relay: Relay, end: RelayEnd): void {
    const { backend } = this.#lease as Lease
    backend.bytesToBackend += relay.backend.bytesWritten
    backend.bytesToClient += relay.backend.bytesRead
    this.#finish(end)
  }

  /** An attempt came to nothing: on to the next, or this is the end. */
  #failAttempt(outcome: SessionOutcome, { isFinal } = { isFinal: false }): void {
    const attempt = this.#attempt
    if (attempt !== undefined) {
      this.#attempt = undefined
      return attempt.reject(new AttemptError(outcome, { isFinal }))
    }
    if (isFinal || this.options.retries === 0) return this.#end(outcome)
    this.#retrying = new AbortController()
    void this.#retry(this.#retrying.signal)
  }

  async #retry(signal: AbortSignal): Promise<void> {
    try {
      const failed = await retryConnect(this, { signal })
      if (failed !== undefined) this.#end(failed)
    } catch (error) {
      this.#end({ code: 'IC', reason: `internal: ${String(error)}` })
    }
  }

  /** The end before any relay: the client is reset, so that it never takes this for an answer. */
  #end(outcome: SessionOutcome): void {
    if (this.#ended || this.#relay !== undefined) return
    this.#dial?.cancel()
    if (this.#waiter !== undefined) {
      this.options.pool.leave(this.#waiter)
      this.#leftQueue()
    }
    this.session.conn.reset()
    this.#retrying?.abort()
    this.#attempt?.reject(new AttemptError(outcome, { isFinal: true }))
    this.connectMs = this.options.clock.now() - this.session.startedAt - this.queueMs
    this.#finish(outcome)
  }

  #finish(outcome: SessionOutcome): void {
    this.#ended = true
    const { session } = this
    this.#releaseLease()
    session.owner.onSessionEnd(session, outcome)
  }

  #releaseLease(): void {
    this.#lease?.release()
    if (this.#relay === undefined) this.#lease = undefined
  }

  #leftQueue(): void {
    this.#waiter = undefined
    this.queueMs += this.options.clock.now() - this.#queuedAt
  }
}

function outcomeOf(reason: string): SessionOutcome {
  if (reason === 'timeout') return { code: 'sC', reason: 'connect-timeout' }
  if (reason === 'ECONNREFUSED') return { code: 'SC', reason: 'connect-refused' }
  return { code: isLocalFault(reason) ? 'RC' : 'SC', reason: `connect-failed: ${reason}` }
}
