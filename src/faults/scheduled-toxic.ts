import type { Timer } from '../core/clock.ts'
import { Fifo } from './fifo.ts'
import { FIN } from './lane.ts'
import type { Item } from './lane.ts'
import type { Grip } from './toxic.ts'
import { Toxic } from './toxic.ts'

/** A toxic that lets items go at times of its own. */
export abstract class ScheduledToxic extends Toxic {
  readonly #queue = new Fifo<{ readonly item: Item; readonly dueAt: number }>()
  #timer: Timer | undefined = undefined
  #lastDueAt = 0

  /** Calls `at` for the item, or for each of its pieces. */
  protected abstract schedule(item: Item, now: number): void

  override push(item: Item): void {
    const now = this.grip.clock.now()
    if (this.grip.strike()) this.schedule(item, now)
    else this.at(now, item)
  }

  override stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  override held(): readonly Item[] {
    return this.#queue.takeAll().map(({ item }) => item)
  }

  /** When the last one so far goes; never before now. */
  protected lastDueAt(now: number): number {
    return Math.max(now, this.#lastDueAt)
  }

  /** Lets it go then, and in any case after those before it. */
  protected at(dueAt: number, item: Item): void {
    const now = this.grip.clock.now()
    this.#lastDueAt = Math.max(this.lastDueAt(now), dueAt)
    if (this.#queue.length === 0 && this.#lastDueAt <= now) return this.out.emit(item)
    this.#queue.push({ item, dueAt: this.#lastDueAt })
    this.#arm()
  }

  #arm(): void {
    const head = this.#queue.first
    if (head === undefined || this.#timer !== undefined) return
    const { clock } = this.grip
    this.#timer = clock.setTimer(() => this.#run(), head.dueAt - clock.now())
  }

  #run(): void {
    this.#timer = undefined
    const now = this.grip.clock.now()
    for (;;) {
      const head = this.#queue.first
      if (head === undefined || head.dueAt > now) break
      this.#queue.shift()
      this.out.emit(head.item)
    }
    this.#arm()
  }
}

export class LatencyToxic extends ScheduledToxic {
  readonly #latencyMs: number
  readonly #jitterMs: number

  constructor(grip: Grip, options: { latencyMs: number; jitterMs: number }) {
    super(grip)
    this.#latencyMs = options.latencyMs
    this.#jitterMs = options.jitterMs
  }

  protected override schedule(item: Item, now: number): void {
    const jitterMs = this.#jitterMs === 0 ? 0 : this.#jitterMs * (2 * this.grip.random() - 1)
    this.at(now + Math.max(0, this.#latencyMs + jitterMs), item)
  }
}

/** Pieces go at this rhythm, so that a slow line flows rather than drips. */
const PIECES_A_SECOND = 10

export class BandwidthToxic extends ScheduledToxic {
  readonly #bytesPerSecond: number

  constructor(grip: Grip, options: { bytesPerSecond: number }) {
    super(grip)
    this.#bytesPerSecond = options.bytesPerSecond
  }

  /** A piece has arrived when its last byte has. */
  protected override schedule(item: Item, now: number): void {
    if (typeof item === 'symbol') return this.at(now, item)
    const most = Math.max(1, Math.floor(this.#bytesPerSecond / PIECES_A_SECOND))
    for (let offset = 0; offset < item.length; offset += most) {
      const piece = item.subarray(offset, offset + most)
      this.at(this.lastDueAt(now) + (piece.length / this.#bytesPerSecond) * 1_000, piece)
    }
  }
}

export class SlicerToxic extends ScheduledToxic {
  readonly #averageSize: number
  readonly #sizeVariation: number
  readonly #delayMs: number
  #hasSliced = false

  constructor(grip: Grip, options: { averageSize: number; sizeVariation: number; delayMs: number }) {
    super(grip)
    this.#averageSize = options.averageSize
    this.#sizeVariation = options.sizeVariation
    this.#delayMs = options.delayMs
  }

  protected override schedule(item: Item, now: number): void {
    if (typeof item === 'symbol') return this.at(now, item)
    for (let offset = 0; offset < item.length;) {
      const slice = item.subarray(offset, offset + this.#nextSize())
      offset += slice.length
      this.at(this.lastDueAt(now) + (this.#hasSliced ? this.#delayMs : 0), slice)
      this.#hasSliced = true
    }
  }

  #nextSize(): number {
    const variation = Math.round(this.#sizeVariation * (2 * this.grip.random() - 1))
    return Math.max(1, this.#averageSize + variation)
  }
}

export class SlowCloseToxic extends ScheduledToxic {
  readonly #delayMs: number

  constructor(grip: Grip, options: { delayMs: number }) {
    super(grip)
    this.#delayMs = options.delayMs
  }

  override push(item: Item): void {
    if (item === FIN) super.push(item)
    else this.out.emit(item)
  }

  protected override schedule(item: Item, now: number): void {
    this.at(now + this.#delayMs, item)
  }
}
