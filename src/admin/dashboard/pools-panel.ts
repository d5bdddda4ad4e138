import { arrange } from './dom.ts'
import type { View } from './model.ts'
import type { PoolCardOptions } from './pool-card.ts'
import { PoolCard } from './pool-card.ts'

/** All pools, each in a card. */
export class PoolsPanel {
  readonly #region: HTMLElement
  readonly #options: PoolCardOptions
  readonly #cards = new Map<string, PoolCard>()

  constructor(region: HTMLElement, options: PoolCardOptions) {
    this.#region = region
    this.#options = options
  }

  *update({ pools, status }: View): Generator<() => void> {
    const names = new Set(pools.map(({ pool }) => pool.name))
    for (const name of this.#cards.keys()) if (!names.has(name)) this.#cards.delete(name)
    for (const view of pools) {
      const { name } = view.pool
      if (!this.#cards.has(name)) this.#cards.set(name, new PoolCard(view, this.#options))
    }
    yield () =>
      arrange(
        this.#region,
        pools.flatMap(({ pool }) => this.#cards.get(pool.name)?.element ?? []),
      )
    for (const view of pools) {
      const card = this.#cards.get(view.pool.name)
      if (card !== undefined) yield* card.update(view, status.at)
    }
  }

  /** The card that holds an element. */
  cardOf(element: Element): PoolCard | undefined {
    return [...this.#cards.values()].find((card) => card.element.contains(element))
  }

  focusFilter(): boolean {
    return [...this.#cards.values()].some((card) => card.focusFilter())
  }
}
