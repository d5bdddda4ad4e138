import type { Backend } from '../core/backend.ts'
import type { ClientKey, Strategy } from '../core/strategy.ts'
import { sumOf, WeightedDraw } from './weighted-draw.ts'

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

  /**
   * Of two that are drawn, i and then j, i is picked unless j carries less. So i is picked where it is drawn first and j
   * does not carry less, or where it is drawn second, after one that carries more.
   */
  odds(_client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number> {
    const weights = this.#draw.weights(skip)
    if (weights.size < 2) return new Map([...weights.keys()].map((backend) => [backend, 1]))
    const sum = sumOf(weights.values())
    const odds = new Map<Backend, number>()
    // From those that carry most: how likely one that carries more was drawn first, for each unit of the second's weight.
    let afterHeavier = 0
    let heavierOrEqual = 0
    for (const equals of groupsByLoad(weights.keys()).toReversed()) {
      heavierOrEqual += sumOf(equals.map((backend) => weights.get(backend) as number))
      for (const backend of equals) {
        const weight = weights.get(backend) as number
        const first = ((weight / sum) * (heavierOrEqual - weight)) / (sum - weight)
        const chance = first + afterHeavier * weight
        // The one that carries most is never picked; what is left for it is a rounding error.
        if (chance > LEAST_CHANCE) odds.set(backend, chance)
      }
      for (const backend of equals) {
        const weight = weights.get(backend) as number
        afterHeavier += weight / sum / (sum - weight)
      }
    }
    return odds
  }

  /** `one`, or another drawn one that carries less. */
  #lighter(one: Backend): Backend {
    this.#draw.hide(one)
    const other = this.#draw.draw(this.#random())
    if (other === undefined) return one
    return other.active / other.effectiveWeight < one.active / one.effectiveWeight ? other : one
  }
}

/** Far below that of the lightest among ten thousand. */
const LEAST_CHANCE = 1e-15

/** Those of one load together, the lightest first. */
function groupsByLoad(backends: Iterable<Backend>): Backend[][] {
  const groups = new Map<number, Backend[]>()
  for (const backend of backends) {
    const load = backend.active / backend.effectiveWeight
    const group = groups.get(load)
    if (group === undefined) groups.set(load, [backend])
    else group.push(backend)
  }
  return [...groups].toSorted(([a], [b]) => a - b).map(([, group]) => group)
}
