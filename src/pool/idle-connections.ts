import type { Backend } from '../core/backend.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import type { Conn } from '../net/conn.ts'
import { turnEnd } from '../net/turn-end.ts'
import { KeptConnection } from './kept-connection.ts'

/** More idle connections to one backend than this are closed rather than kept. */
const MOST_IDLE = 256

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

  /** How many each backend has, for leak checks. */
  *counts(): Iterable<[backend: Backend, count: number]> {
    for (const [backend, { length }] of this.#idle) if (length > 0) yield [backend, length]
  }

  /** A new connection, for its first request. */
  adopt(conn: Conn, backend: Backend): KeptConnection {
    return new KeptConnection(this, conn, backend)
  }

  /**
   * A connection to `backend` that was idle for less than `mostIdleMs` at the clock's `now`; the caller becomes its
   * conn's sink, and sends nothing on it before it is proven.
   */
  take(
    backend: Backend,
    { mostIdleMs, now }: { mostIdleMs: (kept: KeptConnection) => number; now: number },
  ): KeptConnection | undefined {
    const idle = this.#idle.get(backend)
    if (idle === undefined) return undefined
    let at = lastBefore(idle, turnEnd.ended)
    let kept = idle[at]
    // Real time, unlike the wheel's: a backend's own timeout ran on while this process stood still.
    if (kept === undefined || now - kept.idleSince >= mostIdleMs(kept)) {
      // The last one is the freshest: if it is too old, so are nearly all.
      at = idle.length - 1
      kept = idle[at]
      if (kept === undefined || now - kept.idleSince >= mostIdleMs(kept)) return undefined
    }
    removeAt(idle, at)
    this.#wheel.disarm(kept)
    return kept
  }

  /** Keeps a connection on which everything that was asked has been answered; the clock says `now`. */
  put(kept: KeptConnection, now: number): void {
    const { backend, conn } = kept
    if (this.#closed || backend.mode !== 'ready' || backend.isRemoved) return conn.close()
    let idle = this.#idle.get(backend)
    if (idle === undefined) this.#idle.set(backend, (idle = []))
    if (idle.length >= MOST_IDLE) return conn.close()
    kept.idleSince = now
    kept.idleSinceTurn = turnEnd.count()
    kept.isReused = true
    conn.sink = kept
    idle.push(kept)
    // It may have been paused for a slow client. Idle, it must see its backend's FIN; and who takes it reads on.
    conn.resume()
    this.#wheel.arm(kept, kept.keepIdleMs, now)
  }

  /** Closes an idle one. */
  drop(kept: KeptConnection): void {
    this.#wheel.disarm(kept)
    kept.conn.close()
    const idle = this.#idle.get(kept.backend)
    if (idle === undefined) return
    const at = idle.lastIndexOf(kept)
    if (at !== -1) idle.splice(at, 1)
    // Backends come and go.
    if (idle.length === 0) this.#idle.delete(kept.backend)
  }

  /** Closes all idle ones of a backend that takes no more requests. */
  closeAllOf(backend: Backend): void {
    for (const kept of this.#idle.get(backend)?.slice() ?? []) this.drop(kept)
    this.#idle.delete(backend)
  }

  /** Closes all idle ones: this machine has no descriptor left for connections that are needed. */
  closeAll(): void {
    for (const backend of this.#idle.keys()) this.closeAllOf(backend)
  }

  close(): void {
    this.#closed = true
    for (const backend of this.#idle.keys()) this.closeAllOf(backend)
  }
}

/** Where the freshest is that was idle before this turn: others must be waited for. -1 where there is none. */
function lastBefore(idle: readonly KeptConnection[], turn: number): number {
  let at = idle.length - 1
  while (at >= 0 && idle[at]?.idleSinceTurn === turn) at--
  return at
}

/** `splice` would make an array of what it removes, for each request. */
function removeAt(idle: KeptConnection[], at: number): void {
  for (let i = at + 1; i < idle.length; i++) idle[i - 1] = idle[i] as KeptConnection
  idle.pop()
}
