/**
 * The keys that order slots: `primary` first, then `secondary`, both ascending. `place` is where a slot stands in
 * its heap, -1 while it is in none. Several heaps may share one, a slot being in at most one of them.
 */
export class SlotKeys {
  readonly primary: Float64Array
  readonly secondary: Float64Array
  readonly place: Int32Array

  constructor(size: number) {
    this.primary = new Float64Array(size)
    this.secondary = new Float64Array(size)
    this.place = new Int32Array(size).fill(-1)
  }

  /** Whether slot `a` comes before slot `b`. */
  isBefore(a: number, b: number): boolean {
    const keyA = this.primary[a] as number
    const keyB = this.primary[b] as number
    if (keyA !== keyB) return keyA < keyB
    return (this.secondary[a] as number) < (this.secondary[b] as number)
  }
}

/** A binary heap of slots that finds each of them, so that one can leave or move in logarithmic time. */
export class SlotHeap {
  readonly #keys: SlotKeys
  readonly #slots: number[] = []

  constructor(keys: SlotKeys) {
    this.#keys = keys
  }

  get size(): number {
    return this.#slots.length
  }

  /** The slot that comes before all others; -1 when there is none. */
  get first(): number {
    return this.#slots.length === 0 ? -1 : (this.#slots[0] as number)
  }

  /** Takes in a slot that is in no heap, under the keys that it has. */
  add(slot: number): void {
    this.#slots.push(slot)
    this.#rise(slot, this.#slots.length - 1)
  }

  /** Lets go of a slot that is in this heap. */
  remove(slot: number): void {
    const hole = this.#keys.place[slot] as number
    const last = this.#slots.pop() as number
    this.#keys.place[slot] = -1
    if (last !== slot) this.#settle(last, hole)
  }

  /** The keys of a slot in this heap have changed. */
  moved(slot: number): void {
    this.#settle(slot, this.#keys.place[slot] as number)
  }

  #settle(slot: number, hole: number): void {
    const parent = (hole - 1) >> 1
    if (hole > 0 && this.#keys.isBefore(slot, this.#slots[parent] as number)) this.#rise(slot, hole)
    else this.#sink(slot, hole)
  }

  #rise(slot: number, from: number): void {
    let hole = from
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = this.#slots[parent] as number
      if (!this.#keys.isBefore(slot, above)) break
      this.#put(above, hole)
      hole = parent
    }
    this.#put(slot, hole)
  }

  #sink(slot: number, from: number): void {
    const size = this.#slots.length
    let hole = from
    for (let child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
      let below = this.#slots[child] as number
      if (child + 1 < size && this.#keys.isBefore(this.#slots[child + 1] as number, below)) {
        child++
        below = this.#slots[child] as number
      }
      if (!this.#keys.isBefore(below, slot)) break
      this.#put(below, hole)
      hole = child
    }
    this.#put(slot, hole)
  }

  #put(slot: number, place: number): void {
    this.#slots[place] = slot
    this.#keys.place[slot] = place
  }
}
