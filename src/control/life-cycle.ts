import type { Clock } from '../core/clock.ts'
import { wait } from '../core/clock.ts'
import { ClosedError } from '../core/errors.ts'
import type { Snapshot } from '../core/snapshot.ts'
import type { InheritedSockets } from '../net/inherited-sockets.ts'
import type { SessionOutcome } from '../net/session.ts'
import type { DataPlane } from './data-plane.ts'

const SHUTDOWN: SessionOutcome = { code: 'KD', reason: 'shutdown' }

export interface LifeCycleOptions {
  readonly plane: DataPlane
  readonly clock: Clock
  /** Resolves once no reload is under way; undefined = none is. */
  readonly reloadsSettled: () => Promise<void> | undefined
  /** All that was under way is over. */
  readonly onClosed: () => void
}

/** From the first listener to the last timer: how a balancer starts, drains and closes. */
export class LifeCycle {
  state: Snapshot['state'] = 'running'
  readonly #options: LifeCycleOptions
  /** Sessions that closing had to reset. */
  #cut = 0
  #closing: Promise<void> | undefined
  /** Aborted as it closes. */
  readonly #closed = new AbortController()
  readonly #stopping = new AbortController()
  #stopListeningForAbort: (() => void) | undefined

  constructor(options: LifeCycleOptions) {
    this.#options = options
  }

  /** Aborts as it begins to drain, or closes: no reload any more. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  assertOpen(): void {
    if (this.state === 'closed') throw new ClosedError()
  }

  /** Listens. `onOpen` is called a turn later, so that whoever awaits us hears of the first results too. */
  async start(options: {
    readonly signal: AbortSignal | undefined
    readonly inherited: InheritedSockets | undefined
    /** Called before the first address is opened. */
    readonly onOpening: (() => void) | undefined
    /** Awaited when all are open. */
    readonly onListening: () => Promise<void> | undefined
    readonly onOpen: () => void
  }): Promise<void> {
    const { signal, inherited, onOpening, onListening, onOpen } = options
    const { plane } = this.#options
    inherited?.deal(plane.listeners.map(({ config }) => config))
    try {
      await plane.discover(plane.pools, signal)
      onOpening?.()
      for (const listener of plane.listeners) await listener.open(inherited?.take(listener.config.name))
      await onListening()
    } catch (error) {
      await this.close()
      throw error
    }
    setImmediate(() => {
      if (this.state !== 'closed') onOpen()
    })
    if (signal === undefined) return
    const onAbort = (): void => void this.close()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#stopListeningForAbort = () => signal.removeEventListener('abort', onAbort)
    if (signal.aborted) await this.close()
  }

  /** The end is near: {@link drain} follows. */
  stop(): void {
    this.state = 'draining'
    this.#stopping.abort()
  }

  /** Resolves to the number of sessions that had to be cut. */
  async drain({ delayMs, timeoutMs }: { delayMs: number; timeoutMs: number }): Promise<number> {
    const { plane, clock, reloadsSettled } = this.#options
    if (delayMs > 0) await wait(clock, delayMs, this.#closed.signal)
    // What a reload that is under way opens would go on accepting.
    const settled = reloadsSettled()
    if (settled !== undefined) await settled
    await this.#within(plane.drain(), timeoutMs)
    await this.close()
    return this.#cut
  }

  /** May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { plane, reloadsSettled, onClosed } = this.#options
    this.state = 'closed'
    this.#closed.abort()
    this.#stopping.abort()
    this.#stopListeningForAbort?.()
    // A reload that is under way may be opening listeners.
    const settled = reloadsSettled()
    if (settled !== undefined) await settled
    this.#cut += plane.close(SHUTDOWN)
    // Closed handles are gone one turn of the loop later.
    await new Promise((resolve) => setImmediate(resolve))
    // After what a drain tells at its end.
    setImmediate(onClosed)
  }

  /** Waits for `done`, for at most `timeoutMs` (0 = for ever), or until somebody closes. */
  async #within(done: Promise<unknown>, timeoutMs: number): Promise<void> {
    if (timeoutMs === 0) return void (await done)
    const enough = new AbortController()
    await Promise.race([done, wait(this.#options.clock, timeoutMs, enough.signal)])
    enough.abort()
  }
}
