import type { Timer } from '../core/clock.ts'
import { BROKEN, FIN } from './lane.ts'
import type { Item } from './lane.ts'
import type { Grip } from './toxic.ts'
import { after, Toxic } from './toxic.ts'

/** Lets exactly so many bytes pass, and then ends the stream. */
export class LimitToxic extends Toxic {
  readonly #end: 'fin' | 'close' | 'reset'
  #left: number
  #isCut = false
  #timer: Timer | undefined = undefined

  constructor(grip: Grip, options: { bytes: number; end: 'fin' | 'close' | 'reset' }) {
    super(grip)
    this.#left = options.bytes
    this.#end = options.end
  }

  override start(): void {
    if (this.#left === 0) this.#timer = after(this.grip.clock, 0, () => this.#cut())
  }

  override push(item: Item): void {
    if (this.#isCut) return this.out.drop(item)
    if (typeof item === 'symbol' || item.length < this.#left) {
      if (typeof item !== 'symbol') this.#left -= item.length
      return this.out.emit(item)
    }
    const first = item.subarray(0, this.#left)
    const rest = item.subarray(this.#left)
    this.#left = 0
    if (first.length > 0) this.out.emit(first)
    this.#cut()
    if (rest.length > 0) this.push(rest)
  }

  override stop(): void {
    this.#timer?.cancel()
  }

  #cut(): void {
    if (this.#isCut) return
    if (!this.grip.strike()) {
      this.#left = Infinity
      return
    }
    this.#isCut = true
    this.out.invent(this.#end === 'reset' ? BROKEN : FIN)
    if (this.#end === 'close') this.grip.shutOther()
  }
}

/** Resets the connection after a time. */
export class ResetToxic extends Toxic {
  readonly #afterMs: number
  #timer: Timer | undefined = undefined

  constructor(grip: Grip, options: { afterMs: number }) {
    super(grip)
    this.#afterMs = options.afterMs
  }

  override start(): void {
    const { grip } = this
    this.#timer = after(grip.clock, this.#afterMs, () => {
      if (grip.strike()) grip.break('ECONNRESET')
    })
  }

  override stop(): void {
    this.#timer?.cancel()
  }
}

/** Lets nothing pass, and breaks the connection after a time, if any. */
export class HoleToxic extends Toxic {
  readonly #timeoutMs: number
  #queue: Item[] = []
  #timer: Timer | undefined = undefined

  constructor(grip: Grip, options: { timeoutMs: number }) {
    super(grip)
    this.#timeoutMs = options.timeoutMs
  }

  override start(): void {
    const { grip } = this
    if (this.#timeoutMs === 0) return
    this.#timer = after(grip.clock, this.#timeoutMs, () => {
      if (grip.strike()) grip.break('ETIMEDOUT')
    })
  }

  override push(item: Item): void {
    if (this.grip.strike()) this.#queue.push(item)
    else this.out.emit(item)
  }

  override stop(): void {
    this.#timer?.cancel()
  }

  override held(): readonly Item[] {
    return this.#queue.splice(0)
  }
}

/** Turns over one bit of a byte here and there; which ones does not depend on how the bytes come in chunks. */
export class CorruptToxic extends Toxic {
  readonly #probability: number
  #untilNext: number

  constructor(grip: Grip, options: { probability: number }) {
    super(grip)
    this.#probability = options.probability
    this.#untilNext = this.#gap()
  }

  override push(item: Item): void {
    if (typeof item !== 'symbol') this.#corrupt(item)
    this.out.emit(item)
  }

  #corrupt(bytes: Buffer): void {
    while (this.#untilNext < bytes.length) {
      if (!this.grip.strike()) return
      bytes[this.#untilNext] = (bytes[this.#untilNext] as number) ^ (1 << Math.floor(this.grip.random() * 8))
      this.#untilNext += 1 + this.#gap()
    }
    this.#untilNext -= bytes.length
  }

  /** Bytes that stay whole before the next one (geometric distribution). */
  #gap(): number {
    if (this.#probability === 0) return Infinity
    return Math.floor(Math.log1p(-this.grip.random()) / Math.log1p(-this.#probability))
  }
}
