import { BackendRow } from './backend-row.ts'
import { stateOf } from './backend-state.ts'
import { headerRow } from './cells.ts'
import { ConfirmRow, namesOf } from './confirm-row.ts'
import type { Command, Consequence } from './consequence.ts'
import { consequenceOf } from './consequence.ts'
import { arrange, el, setAttribute, setText } from './dom.ts'
import { formatNumber, plural } from './format.ts'
import type { BackendView, PoolView, View } from './model.ts'
import type { Operations } from './operations.ts'

export interface PoolCardOptions {
  readonly operations: Operations
  /** What is on the screen now. */
  readonly view: () => View
}

/** Fewer rows than that are found by looking. */
const FILTER_FROM = 9
/** Rows beyond the screen are written each so many snapshots. */
const HIDDEN_ROUNDS = 5

/** A pool: its figures, and its backends in a table that can be filtered and folded. */
export class PoolCard {
  readonly element: HTMLElement
  readonly name: string
  readonly #options: PoolCardOptions
  readonly #facts = el('p', { class: 'facts' })
  readonly #figures = el('dl', { class: 'figures' })
  readonly #values = new Map<string, HTMLElement>()
  readonly #filter: HTMLElement
  readonly #text: HTMLInputElement
  readonly #onlyTrouble: HTMLInputElement
  readonly #table: HTMLElement
  readonly #body = el('div', { role: 'rowgroup' })
  readonly #empty = el('p', { class: 'empty', hidden: true })
  readonly #rows = new Map<string, BackendRow>()
  #confirm: { readonly row: BackendRow; readonly panel: ConfirmRow } | undefined
  #view: PoolView
  #round = 0

  constructor(view: PoolView, options: PoolCardOptions) {
    this.#options = options
    this.#view = view
    this.name = view.pool.name
    const id = `pool-${this.name}`
    const fold = el('button', { type: 'button', class: 'fold', 'aria-expanded': 'true', 'aria-controls': id })
    fold.append(el('span', { class: 'fold-sign', 'aria-hidden': 'true' }, '▾'), this.name)
    fold.addEventListener('click', () => this.#fold(fold))
    const refilter = (): void => this.#refilter()
    this.#text = el('input', { type: 'search', placeholder: 'Filter by name or address', oninput: refilter })
    setAttribute(this.#text, 'aria-label', `Filter backends of ${this.name}`)
    this.#onlyTrouble = el('input', { type: 'checkbox', onchange: refilter })
    this.#filter = el(
      'div',
      { class: 'filter', hidden: true },
      this.#text,
      el('label', {}, this.#onlyTrouble, ' Only what is not healthy'),
    )
    const label = `Backends of pool ${this.name}`
    this.#table = el('div', { role: 'table', class: 'table', 'aria-label': label, id })
    this.#table.append(el('div', { role: 'rowgroup' }, headerRow()), this.#body)
    this.element = el(
      'section',
      { class: 'card pool', 'aria-label': `Pool ${this.name}` },
      el('header', {}, el('h2', {}, fold), this.#facts, this.#figures),
      this.#filter,
      this.#table,
      this.#empty,
    )
  }

  /** What there is to do for a new snapshot, in small pieces, what is on the screen first. */
  *update(view: PoolView, at: number): Generator<() => void> {
    this.#view = view
    yield () => this.#updateHead()
    const wanted = view.backends.filter((backend) => this.#isWanted(backend))
    const known = wanted.filter(({ key }) => this.#rows.has(key))
    for (const backend of known)
      if (this.#rows.get(backend.key)?.isVisible === true) yield () => this.#updateRow(backend, at)
    yield () => this.#confirm?.panel.refresh()
    if (known.length < wanted.length) {
      for (const backend of wanted) if (!this.#rows.has(backend.key)) yield () => this.#addRow(backend, at)
    }
    yield () => this.#arrange(wanted)
    // Whoever reads by ear or searches the page finds those, too, a little older.
    this.#round = (this.#round + 1) % HIDDEN_ROUNDS
    for (const [i, backend] of known.entries()) {
      const isTurn = i % HIDDEN_ROUNDS === this.#round
      if (isTurn && this.#rows.get(backend.key)?.isVisible === false) yield () => this.#updateRow(backend, at)
    }
  }

  /** The row with the focus in it. */
  rowOf(element: Element): BackendRow | undefined {
    const key = element.closest<HTMLElement>('.row[data-key]')?.dataset['key']
    return key === undefined ? undefined : this.#rows.get(key)
  }

  /** False where it cannot be seen: in another view, of a pool that has gone, or of few backends. */
  focusFilter(): boolean {
    if (this.#text.offsetParent === null) return false
    this.#text.focus()
    return true
  }

  ask(row: BackendRow, command: Command | 'weight'): void {
    const { pools, status } = this.#options.view()
    const shown = pools.find(({ pool }) => pool.name === this.name)
    const view = shown?.backends.find(({ key }) => key === row.key)
    if (view === undefined) return
    // A row that came onto the screen just now may be older than the version that goes with the command.
    row.update(view, status.at)
    const { version } = status
    const { backend } = view
    this.#confirm?.panel.element.remove()
    const panel = new ConfirmRow({
      ...namesOf(command, backend.id),
      weight: command === 'weight' ? backend.weight : undefined,
      consequence: (weight) => this.#consequence(row, command, weight),
      onCancel: () => this.#close(row, command),
      onConfirm: (weight) => {
        const change = command === 'weight' ? { weight: weight ?? 0 } : changeOf(command)
        this.#close(row, command)
        void this.#options.operations.change({ pool: this.name, backend }, change, version)
      },
    })
    this.#confirm = { row, panel }
    row.element.after(panel.element)
    panel.focus()
  }

  #consequence(row: BackendRow, command: Command | 'weight', weight: number | undefined): Consequence {
    const { backend, pool } = row.view
    return consequenceOf(
      command === 'weight' ? { kind: 'weight', weight: weight ?? 0 } : command,
      backend,
      pool,
    )
  }

  #close(row: BackendRow, command: Command | 'weight'): void {
    this.#confirm?.panel.element.remove()
    this.#confirm = undefined
    row.focus(command)
  }

  #updateHead(): void {
    const { pool, unit, rate, errorRate, active, serving, wanted, backends } = this.#view
    const modes = pool.modes.map((mode) => mode.toUpperCase()).join(' and ')
    setText(this.#facts, [pool.strategy, modes].filter((part) => part !== '').join(' · '))
    const lack = serving === 0 ? 'bad' : 'warn'
    this.#figure('Serving', `${serving} of ${wanted}`, serving < wanted ? lack : undefined)
    this.#figure(
      'Handled',
      `${formatNumber(rate)}/s`,
      undefined,
      unit === 'request' ? 'Requests' : 'Sessions',
    )
    this.#figure('Active', formatNumber(active))
    this.#figure('Queued', formatNumber(pool.queued), pool.queued > 0 ? 'warn' : undefined)
    this.#figure('Errors', `${formatNumber(errorRate)}/s`, errorRate > 0 ? 'bad' : undefined)
    this.#figure('Retries', formatNumber(pool.retries + pool.replays))
    this.#filter.hidden = backends.length < FILTER_FROM
  }

  /** @param label what it is called where that is not its name: a reload can turn requests into sessions */
  #figure(name: string, text: string, tone?: string, label = name): void {
    let value = this.#values.get(name)
    if (value === undefined) {
      value = el('dd')
      this.#values.set(name, value)
      this.#figures.append(el('div', {}, el('dt'), value))
    }
    setText(value.previousSibling as Node, label)
    setText(value, text)
    setAttribute(value, 'data-tone', tone)
  }

  #addRow(view: BackendView, at: number): void {
    const row = new BackendRow(view, at, { onCommand: (from, command) => this.ask(from, command) })
    this.#rows.set(view.key, row)
    this.#body.append(row.element)
  }

  #updateRow(view: BackendView, at: number): void {
    this.#rows.get(view.key)?.update(view, at)
  }

  #arrange(wanted: readonly BackendView[]): void {
    const keys = new Set(this.#view.backends.map(({ key }) => key))
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key)
    const elements = wanted.flatMap(({ key }) => {
      const row = this.#rows.get(key)
      if (row === undefined) return []
      return this.#confirm?.row === row ? [row.element, this.#confirm.panel.element] : [row.element]
    })
    arrange(this.#body, elements)
    const { length } = this.#view.backends
    this.#empty.hidden = wanted.length > 0
    setText(this.#empty, length === 0 ? 'No backends.' : `None of ${plural(length, 'backend')} matches.`)
  }

  #isWanted({ backend, key }: BackendView): boolean {
    if (this.#confirm?.row.key === key) return true
    if (this.#onlyTrouble.checked && stateOf(backend).key === 'up') return false
    const text = this.#text.value.trim().toLowerCase()
    return text === '' || `${backend.id} ${backend.address}`.toLowerCase().includes(text)
  }

  #refilter(): void {
    for (const job of this.update(this.#view, this.#options.view().status.at)) job()
  }

  #fold(button: HTMLButtonElement): void {
    const isOpen = button.getAttribute('aria-expanded') === 'true'
    setAttribute(button, 'aria-expanded', String(!isOpen))
    this.#table.hidden = isOpen
  }
}

function changeOf(command: Command): { mode: 'ready' | 'drain' | 'maint' } | { weight: number } {
  return command.kind === 'mode' ? { mode: command.mode } : { weight: command.weight }
}
