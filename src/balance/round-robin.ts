import type { Backend } from '../core/backend.ts'
import type { ClientKey, Strategy } from '../core/strategy.ts'
import { certain } from '../core/strategy.ts'
import { Members } from './members.ts'
import { SlotHeap, SlotKeys } from './slot-heap.ts'

/**
 * Smooth weighted round robin, pick for pick as nginx's: weights 5, 1, 1 give a a b a c a a.
 *
 * nginx keeps a `current` for each backend. A pick adds each one's weight to its `current`, takes the greatest
 * (the first of equals) and subtracts the sum of the weights from it: O(n). Here `current` is `weight * time - lag`,
 * and a pick only moves `time` and the lag of the picked one. Backends of one weight keep their order as time
 * passes, so a heap by lag for each distinct weight holds them: a pick is O(log n + distinct weights).
 *
 * The `current` of a full or skipped backend stands still, as in nginx. Unlike there, time then passes faster,
 * as much as weight is missing; otherwise, while most are full, the few others would each be picked in long runs.
 */
export class RoundRobin implements Strategy {
  #members = new Members([])
  /** Primary: the lag; while a backend is parked (full or skipped), its `current`. Secondary: its place in order. */
  #keys = new SlotKeys(0)
  #classes: WeightClass[] = []
  #classOf: WeightClass[] = []
  #totalWeight = 0
  #openWeight = 0
  #parked = 0
  #time = 0
  readonly #skipped: number[] = []

  update(eligible: readonly Backend[]): void {
    const members = new Members(eligible)
    const keys = new SlotKeys(members.size)
    const classes = new Map<number, WeightClass>()
    const classOf: WeightClass[] = []
    let totalWeight = 0
    for (const backend of members.list) {
      const weight = classWeight(backend.effectiveWeight)
      let weightClass = classes.get(weight)
      if (weightClass === undefined) classes.set(weight, (weightClass = newClass(weight, keys)))
      classOf.push(weightClass)
      totalWeight += weight
    }
    // `current` counts in shares of the total: what one pick costs. An unscaled debt to a total that was a
    // thousand times as large would keep a backend out for a thousand rounds.
    const scale = this.#totalWeight === 0 ? 1 : totalWeight / this.#totalWeight
    for (let slot = 0; slot < members.size; slot++) {
      const old = this.#members.slotOf(members.at(slot))
      // Time starts at 0 again, so lag is -current; a new one starts with 0.
      keys.primary[slot] = old < 0 ? 0 : -this.#current(old) * scale
      keys.secondary[slot] = slot
    }
    this.#members = members
    this.#keys = keys
    this.#classes = [...classes.values()]
    this.#classOf = classOf
    this.#totalWeight = totalWeight
    this.#openWeight = totalWeight
    this.#parked = 0
    this.#time = 0
    for (let slot = 0; slot < members.size; slot++) {
      classOf[slot]?.open.add(slot)
      if (members.at(slot).isFull) this.#park(slot)
    }
  }

  changed(backend: Backend): void {
    const slot = this.#members.slotOf(backend)
    if (slot < 0) return
    const isParked = this.#isParked(slot)
    if (backend.isFull && !isParked) this.#park(slot)
    if (!backend.isFull && isParked) this.#unpark(slot)
  }

  pick(_client: ClientKey, skip?: ReadonlySet<Backend>): Backend | undefined {
    if (skip === undefined || skip.size === 0) return this.#next()
    for (const backend of skip) {
      const slot = this.#members.slotOf(backend)
      if (slot < 0 || this.#isParked(slot)) continue
      this.#park(slot)
      this.#skipped.push(slot)
    }
    const picked = this.#next()
    for (let slot = this.#skipped.pop(); slot !== undefined; slot = this.#skipped.pop()) this.#unpark(slot)
    return picked
  }

  /** By a scan, since skipping for real leaves rounding errors behind where weights are fractions. */
  odds(_client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number> {
    const weights = this.#members.list.map((_, slot) => (this.#classOf[slot] as WeightClass).weight)
    const isOut = this.#members.list.map(
      (backend, slot) => this.#isParked(slot) || skip?.has(backend) === true,
    )
    const isAnyOut = isOut.includes(true)
    let openWeight = this.#openWeight
    for (const backend of skip ?? []) {
      const slot = this.#members.slotOf(backend)
      if (slot >= 0 && !this.#isParked(slot)) openWeight -= weights[slot] as number
    }
    const time = this.#time + (isAnyOut ? this.#totalWeight / openWeight : 1)
    // As a pick does it, by lag within a weight: two lags that hardly differ may give one and the same `current`.
    const lags = this.#keys.primary
    const firsts = new Map<number, number>()
    for (const [slot, weight] of weights.entries()) {
      if (isOut[slot] === true) continue
      const first = firsts.get(weight)
      if (first === undefined || (lags[slot] as number) < (lags[first] as number)) firsts.set(weight, slot)
    }
    let best = -1
    let bestCurrent = -Infinity
    for (const [weight, slot] of firsts) {
      const current = weight * time - (lags[slot] as number)
      if (current < bestCurrent || (current === bestCurrent && slot > best)) continue
      best = slot
      bestCurrent = current
    }
    return certain(best < 0 ? undefined : this.#members.at(best))
  }

  #next(): Backend | undefined {
    if (this.#parked === this.#members.size) return undefined
    // With all open this is 1, and with whole weights everything stays a whole number: ties are exact.
    this.#time += this.#parked === 0 ? 1 : this.#totalWeight / this.#openWeight
    if (this.#time > MOST_TIME) this.#rewind()
    const slot = this.#greatest()
    const lags = this.#keys.primary
    lags[slot] = (lags[slot] as number) + this.#totalWeight
    this.#classOf[slot]?.open.moved(slot)
    return this.#members.at(slot)
  }

  /** The open slot with the greatest `current`, the first in order of equals. */
  #greatest(): number {
    const classes = this.#classes
    if (classes.length === 1) return (classes[0] as WeightClass).open.first
    const lags = this.#keys.primary
    let best = -1
    let bestCurrent = -Infinity
    for (let i = 0; i < classes.length; i++) {
      const { open, weight } = classes[i] as WeightClass
      const slot = open.first
      if (slot < 0) continue
      const current = weight * this.#time - (lags[slot] as number)
      if (current > bestCurrent || (current === bestCurrent && slot < best)) {
        best = slot
        bestCurrent = current
      }
    }
    return best
  }

  #current(slot: number): number {
    const key = this.#keys.primary[slot] as number
    return this.#isParked(slot) ? key : (this.#classOf[slot] as WeightClass).weight * this.#time - key
  }

  #isParked(slot: number): boolean {
    return this.#keys.place[slot] === -1
  }

  #park(slot: number): void {
    const { open, weight } = this.#classOf[slot] as WeightClass
    this.#keys.primary[slot] = this.#turnKey(slot, weight)
    open.remove(slot)
    this.#parked++
    this.#openWeight -= weight
  }

  #unpark(slot: number): void {
    const { open, weight } = this.#classOf[slot] as WeightClass
    this.#keys.primary[slot] = this.#turnKey(slot, weight)
    open.add(slot)
    this.#parked--
    // Fractional weights leave a rounding error behind; it ends where the sum is known.
    this.#openWeight = this.#parked === 0 ? this.#totalWeight : this.#openWeight + weight
  }

  /** `current` from lag and lag from `current` are the same sum. */
  #turnKey(slot: number, weight: number): number {
    return weight * this.#time - (this.#keys.primary[slot] as number)
  }

  /** Takes the time that has passed off the lags, before they grow too large to be exact. */
  #rewind(): void {
    const lags = this.#keys.primary
    for (let slot = 0; slot < lags.length; slot++) {
      if (!this.#isParked(slot))
        lags[slot] = (lags[slot] as number) - (this.#classOf[slot] as WeightClass).weight * this.#time
    }
    this.#time = 0
  }
}

/** Backends of one weight. */
interface WeightClass {
  readonly weight: number
  /** Those with room, by lag. */
  readonly open: SlotHeap
}

function newClass(weight: number, keys: SlotKeys): WeightClass {
  return { weight, open: new SlotHeap(keys) }
}

/** Lags reach 256 (the greatest weight) times this: 2^40, and doubles are exact to 2^53, so 13 bits of fraction. */
const MOST_TIME = 2 ** 32

/** Steps within an octave (from one power of two to the next) that a fractional weight is rounded to. */
const STEPS_AN_OCTAVE = 32

/**
 * A ramping weight rounded to 3%: backends that come back slowly, each with another weight, would otherwise make
 * a class each. Whole weights stay as they are.
 */
function classWeight(weight: number): number {
  if (Number.isInteger(weight)) return weight
  const step = 2 ** Math.floor(Math.log2(weight)) / STEPS_AN_OCTAVE
  return Math.round(weight / step) * step
}
