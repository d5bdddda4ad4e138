import type { Backend } from '../core/backend.ts'
import type { ClientKey } from '../core/strategy.ts'
import type { TimerWheel } from '../core/timer-wheel.ts'
import { WheelEntry } from '../core/timer-wheel.ts'
import type { Lease } from './lease.ts'

/** Why a wait was in vain: nobody made room in time, or no backend is left that could. */
export type QueueFailure = 'timeout' | 'no-backend'

/** Who waits for a backend with room. One of the two is called, once; neither after `leave`. */
export interface QueueSink {
  onLease(lease: Lease): void
  onQueueFailed(failure: QueueFailure): void
}

/** One place in the queue. */
export class Waiter extends WheelEntry {
  readonly client: ClientKey
  readonly skip: ReadonlySet<Backend> | undefined
  readonly sink: QueueSink
  readonly #queue: Queue

  constructor(
    queue: Queue,
    wish: { client: ClientKey; skip: ReadonlySet<Backend> | undefined; sink: QueueSink },
  ) {
    super()
    this.#queue = queue
    this.client = wish.client
    this.skip = wish.skip
    this.sink = wish.sink
  }

  /** The wheel: it waited long enough. */
  expire(): void {
    if (this.#queue.leave(this)) this.sink.onQueueFailed('timeout')
  }
}

/** First come, first served. A `Set` keeps the order and lets anyone leave from the middle at once. */
export class Queue {
  readonly #waiting = new Set<Waiter>()
  readonly #wheel: TimerWheel
  #timeoutMs = 0
  #most = 0

  constructor(options: { wheel: TimerWheel; timeoutMs: number; most: number }) {
    this.#wheel = options.wheel
    this.configure(options)
  }

  /** Holds for those who come from now on. */
  configure({ timeoutMs, most }: { timeoutMs: number; most: number }): void {
    this.#timeoutMs = timeoutMs
    this.#most = most
  }

  get length(): number {
    return this.#waiting.size
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#most
  }

  join(waiter: Waiter): void {
    this.#waiting.add(waiter)
    if (this.#timeoutMs > 0) this.#wheel.arm(waiter, this.#timeoutMs)
  }

  /** False if it was not waiting any more. */
  leave(waiter: Waiter): boolean {
    this.#wheel.disarm(waiter)
    return this.#waiting.delete(waiter)
  }

  /** Serves from the front for as long as `lease` has something for the one in front; it may also turn it away. */
  serve(lease: (waiter: Waiter) => Lease | QueueFailure | undefined): void {
    for (const waiter of this.#waiting) {
      const found = lease(waiter)
      // One that may not have what is free (it tried that one before) does not hold up those behind it.
      if (found === undefined && waiter.skip === undefined) return
      if (found === undefined) continue
      this.leave(waiter)
      if (typeof found === 'string') waiter.sink.onQueueFailed(found)
      else waiter.sink.onLease(found)
    }
  }

  /** Nobody can serve any of them. */
  failAll(): void {
    for (const waiter of this.#waiting) {
      if (this.leave(waiter)) waiter.sink.onQueueFailed('no-backend')
    }
  }
}
