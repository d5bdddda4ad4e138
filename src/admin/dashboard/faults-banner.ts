import type { Fault } from './api.ts'
import { api } from './api.ts'
import { arrange, el, setText } from './dom.ts'
import { plural } from './format.ts'
import type { Operations } from './operations.ts'

/** How often they struck changes, too. */
const EVERY_MS = 5_000

/** Loud: something is broken on purpose, and whoever looks for a cause had better know. */
export class FaultsBanner {
  readonly #region: HTMLElement
  readonly #operations: Operations
  readonly #title = el('strong')
  readonly #list = el('ul')
  #items = new Map<string, HTMLElement>()
  #count = 0
  #askedAt = 0

  constructor(region: HTMLElement, operations: Operations) {
    this.#region = region
    this.#operations = operations
    region.append(el('p', {}, this.#title, ' in force: not everything that fails here is real.'), this.#list)
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
    setText(this.#title, `${plural(faults.length, 'fault')} on purpose`)
    this.#items = new Map(faults.map((fault) => [fault.name, this.#itemOf(fault)]))
    arrange(this.#list, [...this.#items.values()])
  }

  /** Stays for as long as its fault does: the focus may be on its button. */
  #itemOf(fault: Fault): HTMLElement {
    const item = this.#items.get(fault.name) ?? this.#newItem(fault.name)
    setText(item.querySelector('span') as Element, factsOf(fault))
    return item
  }

  #newItem(name: string): HTMLElement {
    const onclick = (): void =>
      void this.#operations.attempt(async () => {
        await api.removeFault(name)
        this.#operations.done(`Fault ${name} is removed.`)
      })
    const remove = el('button', { type: 'button', 'aria-label': `Remove fault ${name}`, onclick }, 'Remove')
    return el('li', {}, el('b', {}, name), ' ', el('span'), ' ', remove)
  }
}

function factsOf({ type, hits, isSpent, pool, backend, listener }: Fault): string {
  const where = [
    ['backend', backend],
    ['pool', pool],
    ['listener', listener],
  ].flatMap(([kind, of]) => (of === undefined ? [] : [`${kind} ${of}`]))
  const place = where.length === 0 ? 'everywhere' : where.join(', ')
  return `${type}, ${place}; struck ${plural(hits, 'time')}${isSpent ? ', spent' : ''}`
}
