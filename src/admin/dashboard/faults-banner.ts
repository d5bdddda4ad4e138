import type { Fault } from './api.ts'
import { api } from './api.ts'
import { el } from './dom.ts'
import { plural } from './format.ts'
import type { Operations } from './operations.ts'

/** How often they struck changes, too. */
const EVERY_MS = 5_000

/** Loud: something is broken on purpose, and whoever looks for a cause had better know. */
export class FaultsBanner {
  readonly #region: HTMLElement
  readonly #operations: Operations
  #count = 0
  #askedAt = 0

  constructor(region: HTMLElement, operations: Operations) {
    this.#region = region
    this.#operations = operations
  }

  /** @param count of those in force, as the snapshot says */
  update(count = 0): void {
    const isDue = performance.now() - this.#askedAt > EVERY_MS
    if (count === this.#count && (count === 0 || !isDue)) return
    this.#count = count
    this.#askedAt = performance.now()
    if (count === 0) this.#show([])
    else void this.#operations.attempt(async () => this.#show(await api.faults()))
  }

  #show(faults: readonly Fault[]): void {
    this.#region.hidden = faults.length === 0
    this.#region.replaceChildren(
      el(
        'p',
        {},
        el('strong', {}, `${plural(faults.length, 'fault')} on purpose`),
        ' in force: not everything that fails here is real.',
      ),
      el('ul', {}, ...faults.map((fault) => this.#item(fault))),
    )
  }

  #item({ name, type, hits, isSpent, pool, backend, listener }: Fault): HTMLElement {
    const where = [
      ['backend', backend],
      ['pool', pool],
      ['listener', listener],
    ].flatMap(([kind, of]) => (of === undefined ? [] : [`${kind} ${of}`]))
    const place = where.length === 0 ? 'everywhere' : where.join(', ')
    const spent = isSpent ? ', spent' : ''
    const onclick = (): void =>
      void this.#operations.attempt(async () => {
        await api.removeFault(name)
        this.#operations.done(`Fault ${name} is removed.`)
      })
    return el(
      'li',
      {},
      el('b', {}, name),
      ` ${type}, ${place}; struck ${plural(hits, 'time')}${spent} `,
      el('button', { type: 'button', 'aria-label': `Remove fault ${name}`, onclick }, 'Remove'),
    )
  }
}
