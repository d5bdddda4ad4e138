import type { Backend } from '../core/backend.ts'
import type { ClientKey, Strategy } from '../core/strategy.ts'
import { sumOf, WeightedDraw } from './weighted-draw.ts'

/** Each backend with room by chance, in proportion to its weight. A pick is O(log n). */
export class Random implements Strategy {
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
    const picked = this.#draw.draw(this.#random())
    this.#draw.unhide()
    return picked
  }

  odds(_client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number> {
    const weights = this.#draw.weights(skip)
    const sum = sumOf(weights.values())
    return new Map([...weights].map(([backend, weight]) => [backend, weight / sum]))
  }
}
