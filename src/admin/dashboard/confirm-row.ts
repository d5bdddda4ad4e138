import type { Command, Consequence } from './consequence.ts'
import { el, setAttribute, setText } from './dom.ts'

export interface ConfirmOptions {
  readonly title: string
  /** The word on the button. */
  readonly action: string
  /** A weight to begin with; undefined where none is asked for. */
  readonly weight?: number | undefined
  readonly consequence: (weight: number | undefined) => Consequence
  readonly onConfirm: (weight: number | undefined) => void
  readonly onCancel: () => void
}

const MOST_WEIGHT = 256

/** Asks below the row, in the words of what will happen. Enter does it, Escape does not. */
export class ConfirmRow {
  readonly element: HTMLElement
  readonly #options: ConfirmOptions
  readonly #text = el('p')
  readonly #warning = el('p', { class: 'warning' })
  readonly #input: HTMLInputElement | undefined
  readonly #button: HTMLButtonElement

  constructor(options: ConfirmOptions) {
    this.#options = options
    this.#input = options.weight === undefined ? undefined : weightInput(options.weight)
    this.#button = el('button', { class: 'primary' }, options.action)
    const form = el(
      'form',
      { class: 'confirm', 'aria-label': options.title },
      ...(this.#input === undefined ? [] : [el('label', {}, 'New weight (0 to 256) ', this.#input)]),
      el('div', { class: 'confirm-text', 'aria-live': 'polite' }, this.#text, this.#warning),
      el(
        'div',
        { class: 'confirm-buttons' },
        this.#button,
        el('button', { type: 'button', onclick: options.onCancel }, 'Cancel'),
      ),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      options.onConfirm(this.#weight)
    })
    form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      options.onCancel()
    })
    this.#input?.addEventListener('input', () => this.refresh())
    this.element = el('div', { role: 'row', class: 'confirm-row' }, el('div', { role: 'cell' }, form))
    this.refresh()
  }

  /** The facts changed: so may the words. */
  refresh(): void {
    const { text, warning } = this.#options.consequence(this.#weight)
    setText(this.#text, text)
    setText(this.#warning, warning ?? '')
    setAttribute(this.#warning, 'hidden', warning === undefined ? '' : undefined)
    setAttribute(this.element, 'data-warning', warning === undefined ? undefined : '')
  }

  focus(): void {
    const first = this.#input ?? this.#button
    first.focus()
    this.#input?.select()
    this.element.scrollIntoView({ block: 'nearest' })
  }

  get #weight(): number | undefined {
    if (this.#input === undefined) return undefined
    const value = this.#input.valueAsNumber
    return Number.isInteger(value) ? Math.min(MOST_WEIGHT, Math.max(0, value)) : this.#options.weight
  }
}

function weightInput(weight: number): HTMLInputElement {
  const begin = { type: 'number', min: 0, max: MOST_WEIGHT, step: 1, value: weight, required: true }
  return el('input', begin)
}

/** What a command is called, as a question and on its button. */
export function namesOf(command: Command | 'weight', id: string): { title: string; action: string } {
  if (command === 'weight' || command.kind === 'weight')
    return { title: `Change the weight of ${id}?`, action: 'Set weight' }
  if (command.mode === 'ready') return { title: `Put ${id} back in rotation?`, action: `Make ${id} ready` }
  if (command.mode === 'drain') return { title: `Drain ${id}?`, action: `Drain ${id}` }
  return { title: `Put ${id} in maintenance?`, action: `Maintain ${id}` }
}
