import type { Backend } from '../core/backend.ts'
import type { ClientKey, Strategy } from '../core/strategy.ts'
import { certain } from '../core/strategy.ts'
import { Members } from './members.ts'
import { SlotHeap, SlotKeys } from './slot-heap.ts'

/**
 * The backend with the least active/weight; of equals the one whose last pick is longest ago, so that ties go
 * round. A pick and a change are O(log n), each skipped backend that stands in front adds as much.
 */
export class LeastConnections implements Strategy {
  #members = new Members([])
  /** Primary: active/weight. Secondary: the turn of the last pick. */
  #keys = new SlotKeys(0)
  #open = new SlotHeap(this.#keys)
  #turn = 0
  readonly #setAside: number[] = []

  update(eligible: readonly Backend[]): void {
    const before = this.#members
    const turns = this.#keys.secondary
    this.#members = new Members(eligible)
    this.#keys = new SlotKeys(this.#members.size)
    this.#open = new SlotHeap(this.#keys)
    for (let slot = 0; slot < this.#members.size; slot++) {
      const backend = this.#members.at(slot)
      const old = before.slotOf(backend)
      // A new one waits like one just picked: with frequent changes, the first in the list gets no more than others.
      this.#keys.secondary[slot] = old < 0 ? ++this.#turn : (turns[old] as number)
      this.#keys.primary[slot] = backend.active / backend.effectiveWeight
      if (!backend.isFull) this.#open.add(slot)
    }
  }

  changed(backend: Backend): void {
    const slot = this.#members.slotOf(backend)
    if (slot < 0) return
    this.#keys.primary[slot] = backend.active / backend.effectiveWeight
    const isOpen = this.#keys.place[slot] !== -1
    if (backend.isFull) {
      if (isOpen) this.#open.remove(slot)
    } else if (isOpen) this.#open.moved(slot)
    else this.#open.add(slot)
  }

  pick(_client: ClientKey, skip?: ReadonlySet<Backend>): Backend | undefined {
    const slot = skip === undefined ? this.#open.first : this.#firstOutside(skip)
    if (slot < 0) return undefined
    this.#keys.secondary[slot] = ++this.#turn
    this.#open.moved(slot)
    return this.#members.at(slot)
  }

  odds(_client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number> {
    const slot = skip === undefined ? this.#open.first : this.#firstOutside(skip)
    return certain(slot < 0 ? undefined : this.#members.at(slot))
  }

  #firstOutside(skip: ReadonlySet<Backend>): number {
    let slot = this.#open.first
    while (slot >= 0 && skip.has(this.#members.at(slot))) {
      this.#open.remove(slot)
      this.#setAside.push(slot)
      slot = this.#open.first
    }
    for (let back = this.#setAside.pop(); back !== undefined; back = this.#setAside.pop())
      this.#open.add(back)
    return slot
  }
}
