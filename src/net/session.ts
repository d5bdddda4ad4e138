import { formatHostPort } from '../core/address.ts'
import type { Backend } from '../core/backend.ts'
import type { EndCode, FailedAttempt } from '../core/events.ts'
import type { ClientKey } from '../core/strategy.ts'
import type { Conn } from './conn.ts'

/** How a session ended, as its handler tells it. */
export interface SessionOutcome {
  readonly code: EndCode
  readonly reason: string
}

/** What a handler knows of a session under way. Read when a snapshot is taken, and at the end. */
export interface SessionHolder {
  /** Who serves it, once somebody does. */
  readonly backend: Backend | undefined
  readonly pool: string
  readonly tried: readonly FailedAttempt[]
  readonly bytesIn: number
  readonly bytesOut: number
  readonly queueMs: number
  readonly connectMs: number
  /** Adds to the counters of `backend` what it has got and given since the last time; also done at the end. */
  countBytes(): void
  /** Ends it now; the client is reset. */
  abort(outcome: SessionOutcome): void
}

/** No fault on purpose touched it, as always outside tests. */
const NO_FAULTS: readonly string[] = []

/** Who accepted the session and counts it. */
export interface SessionOwner {
  /** The listener's name. */
  readonly name: string
  /** Called once, after everything that the session held has been given back. `now`: clock time, if it is known. */
  onSessionEnd(session: Session, outcome: SessionOutcome, now?: number): void
  /** HTTP mode: a request of the session's is over. `status`: 0 where no answer went out. */
  onRequestEnd?(code: EndCode, status: number): void
}

/** One accepted connection and what we learnt about it. */
export class Session implements ClientKey {
  readonly id: number
  readonly owner: SessionOwner
  readonly conn: Conn
  /** Clock time. */
  readonly startedAt: number
  /** Set by the handler that took it. */
  holder: SessionHolder | undefined = undefined
  /** Names of the faults on purpose that touched it. */
  faults: readonly string[] = NO_FAULTS
  /** Those that touched its request under way, in HTTP mode. */
  requestFaults: readonly string[] = NO_FAULTS
  #client: string | undefined

  constructor(owner: SessionOwner, conn: Conn, facts: { id: number; startedAt: number }) {
    this.owner = owner
    this.conn = conn
    this.id = facts.id
    this.startedAt = facts.startedAt
  }

  /** The client's IP address; `''` on a unix socket, and where it is lost. */
  get address(): string {
    return this.conn.remoteAddress
  }

  /**
   * For logs: the client's address and port, `unix`, or `-` for one that had reset before it was asked for. Ask at the
   * start, if you will ask at the end.
   */
  get client(): string {
    return (this.#client ??= clientOf(this.conn))
  }
}

function clientOf({ remoteAddress, remotePort, isPeerLost }: Conn): string {
  if (isPeerLost) return '-'
  return remoteAddress === '' ? 'unix' : formatHostPort(remoteAddress, remotePort)
}
