import type { Backend } from '../core/backend.ts'

/**
 * The backends that a strategy chooses from, each under a small number, its slot, so that what a strategy knows
 * of it lies in flat arrays. Those of weight 0 take no new connections and are left out.
 */
export class Members {
  readonly list: readonly Backend[]
  readonly #slots = new Map<Backend, number>()

  constructor(eligible: readonly Backend[]) {
    const list: Backend[] = []
    for (const backend of eligible) {
      if (!(backend.effectiveWeight > 0) || this.#slots.has(backend)) continue
      this.#slots.set(backend, list.length)
      list.push(backend)
    }
    this.list = list
  }

  get size(): number {
    return this.list.length
  }

  /** The backend in `slot`, which must be one of ours. */
  at(slot: number): Backend {
    return this.list[slot] as Backend
  }

  /** -1 for a backend that is no member (any more): its last sessions may still end. */
  slotOf(backend: Backend): number {
    return this.#slots.get(backend) ?? -1
  }
}
