import type { Backend } from '../core/backend.ts'
import type { ClientKey, Strategy } from '../core/strategy.ts'
import { WeightedDraw } from './weighted-draw.ts'

/**
 * Two different backends by chance, in proportion to their weights; of these the one with less active/weight.
 * Nearly as even as least-connections, and several balancers that do not know of each other do not all run to the
 * same idle backend. (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing".) A pick is O(log n).
 */
export class PowerOfTwo implements Strategy {
  readonly #random: () => number
  readonly #draw = new WeightedDraw()

  constructor(options: { readonly random: () => number }) {
    this.#random = options.random
  }

  update(eligible: readonly Backend[]): void {
    this.#draw.update(eligible)
  }

  changed(backend: Backend): void {
    this.#draw.changed(backend)
  }

  pick(_client: ClientKey, skip?: ReadonlySet<Backend>): Backend | undefined {
    this.#draw.hideAll(skip)
    const one = this.#draw.draw(this.#random())
    const picked = one === undefined ? undefined : this.#lighter(one)
    this.#draw.unhide()
    return picked
  }

  /** `one`, or another drawn one that carries less. */
  #lighter(one: Backend): Backend {
    this.#draw.hide(one)
    const other = this.#draw.draw(this.#random())
    if (other === undefined) return one
    return other.active / other.effectiveWeight < one.active / one.effectiveWeight ? other : one
  }
}
