import type { Backend } from '../../core/backend.ts'
import type { FailedAttempt } from '../../core/events.ts'
import type { Session, SessionHolder, SessionOutcome } from '../../net/session.ts'
import type { HttpContext } from './http-context.ts'
import type { HttpExchange } from './http-exchange.ts'

/** What is to be known of an HTTP session, while it is open and at its end. */
export class SessionFacts implements SessionHolder {
  /** The request under way. */
  exchange: HttpExchange | undefined = undefined
  /** Of the last request that is over. */
  tried: readonly FailedAttempt[] = []
  queueMs = 0
  connectMs = 0
  readonly #session: Session
  readonly #context: HttpContext
  readonly #abort: (outcome: SessionOutcome) => void
  #address: string | undefined = undefined
  /** Who said last whether the client is trusted: a reload puts another in its place. */
  #judge: HttpContext['isTrusted'] | undefined = undefined
  #isTrusted = false

  constructor(session: Session, context: HttpContext, abort: (outcome: SessionOutcome) => void) {
    this.#session = session
    this.#context = context
    this.#abort = abort
  }

  get pool(): string {
    return this.exchange?.pool ?? this.#context.pool
  }

  get backend(): Backend | undefined {
    return this.exchange?.backend
  }

  get bytesIn(): number {
    return this.#session.conn.bytesRead
  }

  get bytesOut(): number {
    return this.#session.conn.bytesWritten
  }

  get clientAddress(): string {
    // Asked for once a connection, with the first request.
    return (this.#address ??= this.#session.address)
  }

  /** The client had reset before it was asked who it is. */
  get isClientLost(): boolean {
    return this.clientAddress === '' && this.#session.conn.isPeerLost
  }

  /** The client is a proxy of ours: what it says of its client counts. */
  get isTrusted(): boolean {
    const { isTrusted } = this.#context
    if (this.#judge !== isTrusted) {
      this.#judge = isTrusted
      this.#isTrusted = isTrusted(this.clientAddress)
    }
    return this.#isTrusted
  }

  countBytes(): void {
    this.exchange?.request.countBytes()
  }

  abort(outcome: SessionOutcome): void {
    this.#abort(outcome)
  }

  /** A request is over. */
  note({ finder }: HttpExchange): void {
    if (finder === undefined) return
    this.tried = finder.tried
    this.queueMs = finder.queueMs
    this.connectMs = finder.connectMs
  }
}
