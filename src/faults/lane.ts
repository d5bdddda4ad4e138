import { Fifo } from './fifo.ts'
import { NOWHERE } from './toxic.ts'
import type { Toxic } from './toxic.ts'

/** The end of a stream. */
export const FIN = Symbol('FIN')
/** The stream broke off. */
export const BROKEN = Symbol('broken')

export type Mark = typeof FIN | typeof BROKEN
/** What goes through a lane. Its buffers are copies, its owner's alone. */
export type Item = Buffer | Mark

export interface LaneOptions {
  /** Takes the next item; false: not now, and `pump` will be called. */
  readonly take: (item: Item) => boolean
  /** Something has left, or may have. */
  readonly onPumped: () => void
}

/** One direction of a connection with faults on it: items pass the toxics one after the other, and stay in order. */
export class Lane {
  /** Bytes on their way. */
  held = 0
  /** An end has left it, and whatever comes behind that is dropped. */
  isOver = false
  readonly #options: LaneOptions
  readonly #toxics: Toxic[] = []
  readonly #out = new Fifo<Item>()
  #marks = 0
  /** An end was put in on purpose: the stream's own rest is dropped. */
  #isShut = false
  #isPumping = false

  constructor(options: LaneOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.held === 0 && this.#marks === 0
  }

  /** Nothing is in the way: bytes may go past it. */
  get isIdle(): boolean {
    return this.isEmpty && this.#toxics.length === 0 && !this.isOver && !this.#isShut
  }

  push(item: Item): void {
    if (this.isOver || this.#isShut) return
    this.#count(item, 1)
    this.#passOn(0, item)
    this.pump()
  }

  /** Ends the stream behind what is on its way; what its source still says is dropped. */
  shut(): void {
    this.push(FIN)
    this.#isShut = true
  }

  add(toxic: Toxic): void {
    this.#toxics.push(toxic)
    toxic.out = {
      emit: (item) => {
        this.#passOn(this.#toxics.indexOf(toxic) + 1, item)
        this.pump()
      },
      drop: (item) => this.#count(item, -1),
      invent: (mark) => {
        this.#count(mark, 1)
        this.#passOn(this.#toxics.indexOf(toxic) + 1, mark)
        this.pump()
      },
    }
    toxic.start()
  }

  /** What the toxic holds goes on, in order, as soon as the caller is done. */
  remove(toxic: Toxic): void {
    const index = this.#toxics.indexOf(toxic)
    if (index === -1) return
    toxic.stop()
    this.#toxics.splice(index, 1)
    toxic.out = NOWHERE
    for (const item of toxic.held()) this.#passOn(index, item)
    process.nextTick(() => this.pump())
  }

  /** Hands out what has passed all toxics. */
  pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#out.length > 0 && this.#options.take(this.#out.first as Item)) this.#left()
    this.#isPumping = false
    this.#options.onPumped()
  }

  /** Drops everything, for good. */
  clear(): void {
    for (const toxic of this.#toxics.splice(0)) {
      toxic.stop()
      toxic.held()
      toxic.out = NOWHERE
    }
    this.#out.takeAll()
    this.held = 0
    this.#marks = 0
    this.isOver = true
  }

  #left(): void {
    // What took it may have cleared the lane.
    const item = this.#out.shift()
    if (item === undefined) return
    this.#count(item, -1)
    if (typeof item === 'symbol') this.#endHere()
  }

  #endHere(): void {
    this.isOver = true
    for (const item of this.#out.takeAll()) this.#count(item, -1)
  }

  #passOn(index: number, item: Item): void {
    const toxic = this.#toxics[index]
    if (toxic !== undefined) toxic.push(item)
    else if (this.isOver) this.#count(item, -1)
    else this.#out.push(item)
  }

  #count(item: Item, sign: 1 | -1): void {
    if (typeof item === 'symbol') this.#marks += sign
    else this.held += sign * item.length
  }
}
