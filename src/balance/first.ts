import type { Backend } from '../core/backend.ts'
import type { ClientKey, Strategy } from '../core/strategy.ts'
import { certain } from '../core/strategy.ts'
import { Members } from './members.ts'
import { SlotHeap, SlotKeys } from './slot-heap.ts'

/**
 * The first backend, in the order of the configuration, that has room: few are kept busy and the rest can be
 * switched off. It needs connection limits to make sense. Weights do not count, but for 0. A pick is O(1), and
 * O(log n) where one becomes full or is skipped.
 */
export class First implements Strategy {
  #members = new Members([])
  #keys = new SlotKeys(0)
  #open = new SlotHeap(this.#keys)
  readonly #setAside: number[] = []

  update(eligible: readonly Backend[]): void {
    this.#members = new Members(eligible)
    this.#keys = new SlotKeys(this.#members.size)
    this.#open = new SlotHeap(this.#keys)
    for (let slot = 0; slot < this.#members.size; slot++) {
      this.#keys.primary[slot] = slot
      if (!this.#members.at(slot).isFull) this.#open.add(slot)
    }
  }

  changed(backend: Backend): void {
    const slot = this.#members.slotOf(backend)
    if (slot < 0) return
    const isOpen = this.#keys.place[slot] !== -1
    if (isOpen && backend.isFull) this.#open.remove(slot)
    if (!isOpen && !backend.isFull) this.#open.add(slot)
  }

  pick(_client: ClientKey, skip?: ReadonlySet<Backend>): Backend | undefined {
    let slot = this.#open.first
    if (skip !== undefined) {
      while (slot >= 0 && skip.has(this.#members.at(slot))) {
        this.#open.remove(slot)
        this.#setAside.push(slot)
        slot = this.#open.first
      }
      for (let back = this.#setAside.pop(); back !== undefined; back = this.#setAside.pop())
        this.#open.add(back)
    }
    return slot < 0 ? undefined : this.#members.at(slot)
  }

  /** A pick leaves nothing behind. */
  odds(client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number> {
    return certain(this.pick(client, skip))
  }
}
