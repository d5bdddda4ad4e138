import type { Backend } from '../core/backend.ts'
import type { FailedAttempt } from '../core/events.ts'
import type { Conn, ConnSink } from '../net/conn.ts'
import { Relay } from '../net/relay.ts'
import type { RelayEnd, RelayOptions, RelayOwner } from '../net/relay.ts'
import type { Session, SessionHolder, SessionOutcome } from '../net/session.ts'
import type { Lease } from '../pool/lease.ts'
import { Connector } from './connector.ts'
import type { ConnectOptions, ConnectorSink } from './connector.ts'
import { EarlyBytes } from './early-bytes.ts'

/** The way of one session: it waits for a backend, keeping what the client says meanwhile, and is relayed. */
export class TcpForwarding implements SessionHolder, ConnSink, ConnectorSink, RelayOwner {
  readonly session: Session
  connectMs = 0
  readonly #options: ConnectOptions
  readonly #relayOptions: RelayOptions
  readonly #connector: Connector
  #early: EarlyBytes | undefined = undefined
  #lease: Lease | undefined = undefined
  #relay: Relay | undefined = undefined
  /** What its backend's counters hold of this session. */
  #countedToBackend = 0
  #countedToClient = 0

  constructor(session: Session, options: ConnectOptions, relay: RelayOptions) {
    this.session = session
    this.#options = options
    this.#relayOptions = relay
    this.#connector = new Connector(session, this, options)
  }

  get servedSession(): Session {
    return this.session
  }

  get backend(): Backend | undefined {
    return this.#lease?.backend
  }

  get pool(): string {
    return this.#options.pool.name
  }

  get tried(): readonly FailedAttempt[] {
    return this.#connector.tried
  }

  get queueMs(): number {
    return this.#connector.queueMs
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
    this.#connector.begin({ now: session.startedAt })
  }

  countBytes(): void {
    if (this.#relay === undefined || this.backend === undefined) return
    const { bytesWritten, bytesRead } = this.#relay.backend
    this.backend.bytesToBackend += bytesWritten - this.#countedToBackend
    this.backend.bytesToClient += bytesRead - this.#countedToClient
    this.#countedToBackend = bytesWritten
    this.#countedToClient = bytesRead
  }

  abort(outcome: SessionOutcome): void {
    if (this.#relay !== undefined) return this.#relay.abort(outcome)
    // Who ends it is for the caller to say; when, is known here.
    this.#endUnserved({ ...outcome, code: `${outcome.code.charAt(0) as 'K'}${this.#phase}` })
  }

  onBackend(lease: Lease, conn: Conn): void {
    this.#lease = lease
    this.#setConnectMs(this.#connector.connectedAt)
    this.#relay = new Relay(this.session.conn, conn, this, this.#relayOptions)
    this.#relay.start(this.#early?.chunks ?? [])
    this.#early = undefined
  }

  onNoBackend(outcome: SessionOutcome): void {
    this.#endUnserved(outcome)
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
    this.#endUnserved({ code: `C${this.#phase}`, reason: 'client-reset' })
  }

  onRelayEnd(_relay: Relay, end: RelayEnd): void {
    const lease = this.#lease as Lease
    const { backend } = lease
    const now = this.#options.clock.now()
    this.countBytes()
    backend.sessionTime.record(now - this.session.startedAt)
    lease.release()
    this.session.owner.onSessionEnd(this.session, end, now)
  }

  /** When an end comes that is none of a relay: the second letter of its code. */
  get #phase(): 'Q' | 'C' {
    return this.#connector.isQueued ? 'Q' : 'C'
  }

  /** The end before any relay: the client is reset, so that it never takes this for an answer. */
  #endUnserved(outcome: SessionOutcome): void {
    if (this.session.conn.closed) return // Ended already; an abort may come from a listener of that very end.
    this.#connector.cancel()
    this.session.conn.reset()
    const now = this.#options.clock.now()
    this.#setConnectMs(now)
    this.session.owner.onSessionEnd(this.session, outcome, now)
  }

  #setConnectMs(now: number): void {
    this.connectMs = now - this.session.startedAt - this.queueMs
  }
}
