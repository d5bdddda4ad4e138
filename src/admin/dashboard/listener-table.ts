import type { ListenerSnapshot } from '../../core/snapshot.ts'
import { arrange, el, setText } from './dom.ts'
import { formatCount } from './format.ts'
import { grid } from './grid.ts'

const HEADINGS = ['Listener', 'Address', 'Mode', 'Pool', 'Open', 'Accepted', 'Refused']

/** The listeners, one row each. Rows stay while their figures change, and with them what somebody has selected. */
export class ListenerTable {
  readonly element: HTMLElement
  readonly #body: HTMLElement
  #rows = new Map<string, HTMLElement>()

  constructor() {
    const { element, body } = grid('Listeners', HEADINGS)
    this.element = element
    this.#body = body
  }

  update(listeners: readonly ListenerSnapshot[]): void {
    this.#rows = new Map(listeners.map((listener) => [listener.name, this.#rowOf(listener)]))
    arrange(this.#body, [...this.#rows.values()])
  }

  #rowOf(listener: ListenerSnapshot): HTMLElement {
    const { name, address, mode, pool, active, maxConnections, accepted, rejected } = listener
    const texts = [
      name,
      address,
      mode.toUpperCase(),
      pool,
      `${formatCount(active)} of ${formatCount(maxConnections)}`,
      formatCount(accepted),
      formatCount(rejected),
    ]
    const row = this.#rows.get(name) ?? newRow(texts.length)
    for (const [i, text] of texts.entries()) setText(row.children[i] as Element, text)
    return row
  }
}

function newRow(cells: number): HTMLElement {
  return el('tr', {}, el('th', { scope: 'row' }), ...Array.from({ length: cells - 1 }, () => el('td')))
}
