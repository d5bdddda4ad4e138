import type { Clock, Timer } from './clock.ts'

/**
 * Something with a deadline. The wheel links entries into each other, so that arming one allocates nothing; the
 * three link fields belong to the wheel.
 */
export abstract class WheelEntry {
  deadline = 0
  previous: WheelEntry | undefined = undefined
  next: WheelEntry | undefined = undefined

  /** The deadline has passed. The entry is disarmed before the call and may be armed again in it. */
  abstract expire(): void
}

class SlotHead extends WheelEntry {
  expire(): void {
    throw new Error('a slot head has no deadline')
  }
}

const SLOTS = 512
/** A tick counts for at most this many resolutions, however late it comes. */
const MOST_RESOLUTIONS_A_TICK = 2

/**
 * One coarse timer for thousands of deadlines (a hashed timing wheel). It counts *loop time*: time during which
 * the event loop was running. A tick that comes late, because the loop was blocked or the process was stopped,
 * counts for two resolutions at most; so a stall expires nothing whose answer already waits in a socket.
 *
 * Its clock's timer runs only while an entry is armed.
 */
export class TimerWheel {
  /** Loop time in ms as of the last tick; cheap to read per chunk. */
  now = 0
  #resolutionMs: number
  readonly #clock: Clock
  readonly #slots: SlotHead[] = []
  #armed = 0
  #slot = 0
  #lastTick = 0
  #timer: Timer | undefined

  constructor(options: { clock: Clock; resolutionMs: number }) {
    this.#clock = options.clock
    this.#resolutionMs = options.resolutionMs
    for (let i = 0; i < SLOTS; i++) {
      const head = new SlotHead()
      head.previous = head
      head.next = head
      this.#slots.push(head)
    }
  }

  get resolutionMs(): number {
    return this.#resolutionMs
  }

  /** Deadlines of those that are armed stay as they are. */
  setResolution(resolutionMs: number): void {
    if (resolutionMs === this.#resolutionMs) return
    const { armed } = this
    for (const entry of armed) unlink(entry)
    this.#resolutionMs = resolutionMs
    for (const entry of armed) this.#link(entry)
    if (this.#timer === undefined) return
    this.#timer.cancel()
    this.#schedule()
  }

  /** Armed entries, for leak checks. */
  get size(): number {
    return this.#armed
  }

  /** Every armed entry, in no order; for leak checks. */
  get armed(): readonly WheelEntry[] {
    return this.#slots.flatMap(entriesOf)
  }

  /**
   * Expires `entry` after `delayMs`, never early and at most two resolutions late. Moves an armed one. `clockNow`: the
   * clock's time, where it has been read already.
   */
  arm(entry: WheelEntry, delayMs: number, clockNow = this.#clock.now()): void {
    if (entry.next !== undefined) this.disarm(entry)
    if (this.#armed === 0) this.#start()
    // Counted from this moment, not from the last tick: a busy loop leaves that one far behind.
    entry.deadline = this.now + Math.max(0, this.#countedSinceTick(clockNow)) + delayMs
    this.#link(entry)
    this.#armed++
  }

  /** Does nothing to an entry that is not armed. */
  disarm(entry: WheelEntry): void {
    if (entry.next === undefined) return
    unlink(entry)
    if (--this.#armed === 0) this.#stop()
  }

  #link(entry: WheelEntry): void {
    const ticks = Math.ceil((entry.deadline - this.now) / this.#resolutionMs)
    // What lies beyond the wheel's horizon is looked at once a turn.
    const ahead = Math.min(Math.max(ticks, 1), SLOTS - 1)
    const head = this.#slots[(this.#slot + ahead) % SLOTS] as SlotHead
    const last = head.previous as WheelEntry
    entry.previous = last
    entry.next = head
    last.next = entry
    head.previous = entry
  }

  #start(): void {
    this.#lastTick = this.#clock.now()
    this.#schedule()
  }

  #stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimer(this.#tick, this.#resolutionMs)
  }

  readonly #tick = (): void => {
    this.#timer = undefined
    const clockNow = this.#clock.now()
    const slotsPassed = this.#advance(this.#countedSinceTick(clockNow))
    this.#lastTick = clockNow
    for (let i = 0; i < slotsPassed; i++) {
      this.#slot = (this.#slot + 1) % SLOTS
      this.#visit(this.#slots[this.#slot] as SlotHead)
    }
    // The last entry may have expired and been armed again: then the timer has been set by that.
    if (this.#armed > 0 && this.#timer === undefined) this.#schedule()
  }

  /** The loop time that a tick at `clockNow` counts. */
  #countedSinceTick(clockNow: number): number {
    return Math.min(clockNow - this.#lastTick, this.#resolutionMs * MOST_RESOLUTIONS_A_TICK)
  }

  /** Moves `now` and tells how many slots that passes. */
  #advance(elapsedMs: number): number {
    const before = Math.floor(this.now / this.#resolutionMs)
    this.now += elapsedMs
    return Math.floor(this.now / this.#resolutionMs) - before
  }

  #visit(head: SlotHead): void {
    // Taken off as a whole first: what expires may arm entries into this very slot, a turn later.
    for (const entry of entriesOf(head)) {
      if (entry.next === undefined) continue // disarmed by one that expired before it
      unlink(entry)
      if (entry.deadline > this.now) {
        this.#link(entry)
        continue
      }
      this.#armed--
      entry.expire()
    }
  }
}

function entriesOf(head: SlotHead): WheelEntry[] {
  const entries: WheelEntry[] = []
  for (let entry = head.next as WheelEntry; entry !== head; entry = entry.next as WheelEntry)
    entries.push(entry)
  return entries
}

function unlink(entry: WheelEntry): void {
  const { previous, next } = entry
  if (previous !== undefined) previous.next = next
  if (next !== undefined) next.previous = previous
  entry.previous = undefined
  entry.next = undefined
}
