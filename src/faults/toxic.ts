import type { Clock, Timer } from '../core/clock.ts'
import type { Item, Mark } from './lane.ts'

/** Where a toxic's items go on. */
export interface ToxicOut {
  emit(item: Item): void
  /** It goes nowhere. */
  drop(item: Item): void
  /** An end that the stream itself did not have. */
  invent(mark: Mark): void
}

/** One fault's hold on one connection. */
export interface Grip {
  readonly clock: Clock
  /** Chance of this lane's own. */
  readonly random: () => number
  /** Asked before it does anything: whether it may, and puts it on record. Cheap, for each chunk. */
  strike(): boolean
  /** Breaks the connection, both ways, with this error code. */
  break(code: string): void
  /** Ends the other direction, too, behind what is on its way there. */
  shutOther(): void
}

/** What a fault does to one direction of one connection. A plain one lets all pass. */
export class Toxic {
  /** Set by the lane. */
  out: ToxicOut = NOWHERE
  readonly grip: Grip

  constructor(grip: Grip) {
    this.grip = grip
  }

  /** It is in its place. Does nothing at once: the caller may be amid something. */
  start(): void {}

  push(item: Item): void {
    this.out.emit(item)
  }

  /** Cancels its timers. */
  stop(): void {}

  /** What it holds, in order; asked for after `stop`, once. */
  held(): readonly Item[] {
    return []
  }
}

/** Calls back after `delayMs`; with no delay without waiting for the clock, but never at once. */
export function after(clock: Clock, delayMs: number, callback: () => void): Timer {
  if (delayMs > 0) return clock.setTimer(callback, delayMs)
  let isCancelled = false
  process.nextTick(() => {
    if (!isCancelled) callback()
  })
  return {
    cancel: () => {
      isCancelled = true
    },
  }
}

/** Of a toxic that is in no lane. */
export const NOWHERE: ToxicOut = { emit() {}, drop() {}, invent() {} }
