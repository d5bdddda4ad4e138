import type { Backend } from '../core/backend.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import { WheelEntry } from '../core/timer-wheel.ts'
import type { Conn, ConnSink } from '../net/conn.ts'

/** More idle connections to one backend than this are closed rather than kept. */
const MOST_IDLE = 256
/** Node's own servers close after 5 s of silence: a second before that. */
export const KEEP_IDLE_MS = 4_000

/**
 * A kept-alive connection to a backend. While it is idle it is its own sink: whatever happens on it then (stray
 * bytes, FIN, a reset) means that it must not be used again.
 */
export class KeptConnection extends WheelEntry implements ConnSink {
  readonly conn: Conn
  readonly backend: Backend
  /** Requests that it has served. */
  requests = 0
  /** How long the backend lets it be idle, as far as we know. */
  keepIdleMs = KEEP_IDLE_MS
  /** Loop time at which it became idle. */
  idleSince = 0
  readonly #home: IdleConnections

  constructor(home: IdleConnections, conn: Conn, backend: Backend) {
    super()
    this.#home = home
    this.conn = conn
    this.backend = backend
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

/**
 * The idle connections of a pool's backends: the freshest is used first, so that those too many grow old and go.
 */
export class IdleConnections {
  readonly #wheel: TimerWheel
  readonly #idle = new Map<Backend, KeptConnection[]>()
  #closed = false

  constructor(options: { wheel: TimerWheel }) {
    this.#wheel = options.wheel
  }

  get size(): number {
    let size = 0
    for (const idle of this.#idle.values()) size += idle.length
    return size
  }

  /**
   * A connection to `backend` that was idle for less than `mostIdleMs`; the caller becomes its conn's sink.
   */
  take(backend: Backend, mostIdleMs: (kept: KeptConnection) => number): KeptConnection | undefined {
    const idle = this.#idle.get(backend)
    const kept = idle?.at(-1)
    if (idle === undefined || kept === undefined) return undefined
    // The last one is the freshest: if it is too old, all are.
    if (this.#wheel.now - kept.idleSince >= mostIdleMs(kept)) return undefined
    idle.pop()
    this.#wheel.disarm(kept)
    return kept
  }

  /** Keeps a connection on which everything that was asked has been answered. */
  put(kept: KeptConnection): void {
    const { backend, conn } = kept
    let idle = this.#idle.get(backend)
    if (idle === undefined) this.#idle.set(backend, (idle = []))
    if (this.#closed || backend.mode !== 'ready' || idle.length >= MOST_IDLE) return conn.close()
    kept.idleSince = this.#wheel.now
    conn.sink = kept
    idle.push(kept)
    this.#wheel.arm(kept, kept.keepIdleMs)
  }

  /** Closes an idle one. */
  drop(kept: KeptConnection): void {
    this.#wheel.disarm(kept)
    kept.conn.close()
    const idle = this.#idle.get(kept.backend)
    const at = idle?.lastIndexOf(kept) ?? -1
    if (at !== -1) idle?.splice(at, 1)
  }

  /** Closes all idle ones of a backend that takes no more requests. */
  closeAllOf(backend: Backend): void {
    for (const kept of this.#idle.get(backend)?.slice() ?? []) this.drop(kept)
    this.#idle.delete(backend)
  }

  close(): void {
    this.#closed = true
    for (const backend of this.#idle.keys()) this.closeAllOf(backend)
  }
}
