import type { Fault } from './api.ts'
import { api } from './api.ts'
import { el } from './dom.ts'
import { plural } from './format.ts'
import type { Operations } from './operations.ts'

/** Loud: something is broken on purpose, and whoever looks for a cause had better know. */
export class FaultsBanner {
  readonly #region: HTMLElement
  readonly #operations: Operations

  constructor(region: HTMLElement, operations: Operations) {
    this.#region = region
    this.#operations = operations
  }

  /** Call it when a fault came or went. */
  async refresh(): Promise<void> {
    try {
      this.#show((await api.faults()) ?? [])
    } catch {
      // Not reachable: the connection's own state says so, and its return asks again.
    }
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
        await this.refresh()
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
