import type { Backend } from '../core/backend.ts'
import { WheelEntry } from '../core/timer-wheel.ts'
import type { Conn, ConnSink } from '../net/conn.ts'
import { turnEnd } from '../net/turn-end.ts'

/** Node's own servers close after 5 s of silence: a second before that. */
const KEEP_IDLE_MS = 4_000
/** The same second, before what a backend says of itself. */
const EARLIER_SECONDS = 1
/** The end of the turn in which it came back, and that of the next, which has polled the system in between. */
const TURN_ENDS_UNTIL_PROVEN = 2

/** Where an idle connection is kept. */
interface Home {
  drop(kept: KeptConnection): void
}

/**
 * A kept-alive connection to a backend. While it is idle it is its own sink: whatever happens on it then (stray
 * bytes, FIN, a reset) means that it must not be used again.
 */
export class KeptConnection extends WheelEntry implements ConnSink {
  readonly conn: Conn
  readonly backend: Backend
  /** How long the backend lets it be idle, as far as we know. */
  keepIdleMs = KEEP_IDLE_MS
  /** It has served requests before. */
  isReused = false
  /** Clock time at which it became idle. */
  idleSince = 0
  /** `turnEnd.ended` of the turn in which it became idle. */
  idleSinceTurn = 0
  readonly #home: Home

  constructor(home: Home, conn: Conn, backend: Backend) {
    super()
    this.#home = home
    this.conn = conn
    this.backend = backend
  }

  /** The backend's `Keep-Alive: timeout`. It can only shorten the time. */
  announced(seconds: number): void {
    this.keepIdleMs = Math.max(0, Math.min(KEEP_IDLE_MS, (seconds - EARLIER_SECONDS) * 1000))
  }

  /** Half of the time that the backend keeps it open: from there on it may be closing it right now. */
  get halfAgeMs(): number {
    return (this.keepIdleMs + EARLIER_SECONDS * 1000) / 2
  }

  /**
   * Whatever lay in the system already when it became idle (bytes behind the response, a FIN) would have been read by
   * now.
   */
  get isProven(): boolean {
    return turnEnd.ended - this.idleSinceTurn >= TURN_ENDS_UNTIL_PROVEN
  }

  /** The wheel: idle for too long. */
  expire(): void {
    this.#home.drop(this)
  }

  onData(): void {
    this.#home.drop(this)
  }

  onEnd(): void {
    this.#home.drop(this)
  }

  onDrain(): void {
    // Nothing is on its way on an idle connection.
  }

  onBroken(): void {
    this.#home.drop(this)
  }
}
