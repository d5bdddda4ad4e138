import type { Backend } from '../core/backend.ts'
import type { Clock, Timer } from '../core/clock.ts'

/** Failed connects, or requests without an answer, in a row that eject. */
const FAILURES_TO_EJECT = 3
/** The first ejection lasts this long, the second twice as long, ... */
const EJECT_MS = 10_000
const MOST_EJECT_MS = 300_000
/** Never more of the pool than this share is ejected at once. */
const MOST_SHARE = 0.5

/** What failed: connects, or requests on connections that came about. */
export type FailureKind = 'connect' | 'request'

interface Ejection {
  readonly kind: FailureKind
  timer: Timer
  /** When it is over, or when the last one was; clock time. */
  endsAt: number
}

/**
 * Passive health: takes a backend out for a while when connect after connect fails on it, or HTTP request after
 * request is reset without an answer, also with checks off. The two are counted apart, since a backend may accept every
 * connection and answer nothing. Never more than half of the pool, and never the last one that serves.
 */
export class Ejector {
  readonly #clock: Clock
  readonly #onEject: (backend: Backend, kind: FailureKind, forMs: number) => void
  readonly #onReturn: (backend: Backend, reason: string) => void
  readonly #ejections = new Map<Backend, Ejection>()

  constructor(options: {
    clock: Clock
    onEject: (backend: Backend, kind: FailureKind, forMs: number) => void
    onReturn: (backend: Backend, reason: string) => void
  }) {
    this.#clock = options.clock
    this.#onEject = options.onEject
    this.#onReturn = options.onReturn
  }

  /** One more failed, by the backend's fault. `size` is the pool's, `serving` how many of it could serve. */
  failed(
    backend: Backend,
    kind: FailureKind,
    pool: { readonly size: number; readonly serving: number },
  ): void {
    const inRow = kind === 'connect' ? ++backend.failuresInRow : ++backend.requestFailuresInRow
    if (backend.ejected || inRow < FAILURES_TO_EJECT) return
    if (this.#ejectedCount() + 1 > pool.size * MOST_SHARE || pool.serving <= 1) return
    this.#eject(backend, kind)
  }

  succeeded(backend: Backend, kind: FailureKind): void {
    if (kind === 'connect') backend.failuresInRow = 0
    else backend.requestFailuresInRow = 0
    if (backend.ejections === 0 || backend.ejected) return
    // It served again for as long as it was away: the next ejection starts from the beginning.
    const last = this.#ejections.get(backend)
    if (last !== undefined && this.#clock.now() - last.endsAt < durationOf(backend)) return
    backend.ejections = 0
    this.#ejections.delete(backend)
  }

  /** An active check passed: a backend that was ejected for what it tests returns at once. */
  cleared(backend: Backend, tested: ReadonlySet<FailureKind>): void {
    const ejection = this.#ejections.get(backend)
    if (ejection === undefined || tested.has(ejection.kind)) this.#return(backend, 'check passed')
  }

  /** Nobody is to be ejected any more. */
  returnAll(reason: string): void {
    for (const backend of this.#ejections.keys()) if (backend.ejected) this.#return(backend, reason)
  }

  /** What an ejected backend was ejected for, and how long it still is; undefined for one that is not. */
  ejectionOf(backend: Backend): { readonly kind: FailureKind; readonly leftMs: number } | undefined {
    const ejection = backend.ejected ? this.#ejections.get(backend) : undefined
    return ejection && { kind: ejection.kind, leftMs: Math.max(0, ejection.endsAt - this.#clock.now()) }
  }

  /** The backend has left the pool. */
  forget(backend: Backend): void {
    this.#ejections.get(backend)?.timer.cancel()
    this.#ejections.delete(backend)
  }

  close(): void {
    for (const { timer } of this.#ejections.values()) timer.cancel()
    this.#ejections.clear()
  }

  #ejectedCount(): number {
    let count = 0
    for (const backend of this.#ejections.keys()) if (backend.ejected) count++
    return count
  }

  #eject(backend: Backend, kind: FailureKind): void {
    backend.ejected = true
    backend.ejections++
    backend.totalEjections++
    const forMs = durationOf(backend)
    const timer = this.#clock.setTimer(() => this.#return(backend, `${forMs / 1000} s are over`), forMs)
    this.#ejections.set(backend, { kind, timer, endsAt: this.#clock.now() + forMs })
    this.#onEject(backend, kind, forMs)
  }

  #return(backend: Backend, reason: string): void {
    const ejection = this.#ejections.get(backend)
    ejection?.timer.cancel()
    if (ejection !== undefined) ejection.endsAt = this.#clock.now()
    backend.ejected = false
    backend.failuresInRow = 0
    backend.requestFailuresInRow = 0
    this.#onReturn(backend, reason)
  }
}

function durationOf(backend: Backend): number {
  return Math.min(EJECT_MS * backend.ejections, MOST_EJECT_MS)
}
