import { el } from './dom.ts'
import { remember, remembered } from './memory.ts'

/** The keys and what they do. */
export const KEYS = [
  ['1 2 3 4', 'Overview, sessions, explain, process'],
  ['j k', 'Next and previous backend'],
  ['d r m w', 'Drain, ready, maintenance, weight of the backend with the focus'],
  ['Enter, Escape', 'Confirm, cancel'],
  ['u', 'Undo the latest change'],
  ['/', 'Filter'],
  ['p', 'Pause, go on'],
  ['t', 'Theme'],
  ['?', 'This list'],
] as const

const SIGNS = [
  ['●', 'healthy'],
  ['◔', 'slow start: comes back with a growing share'],
  ['◌', 'standby: a backup that is not needed'],
  ['◐', 'draining: no new clients, open sessions finish'],
  ['■', 'maintenance: no new clients, no checks'],
  ['○', 'weight 0: no new clients'],
  ['◆', 'ejected: failed under traffic, out for a while'],
  ['▼', 'down: fails its checks'],
] as const

/** Keys and signs, and the switch for who does not want single keys to do anything. */
export class Help {
  readonly #dialog: HTMLDialogElement
  readonly #switch: HTMLInputElement

  constructor(dialog: HTMLDialogElement) {
    this.#dialog = dialog
    this.#switch = el('input', { type: 'checkbox', checked: remembered('keys') !== 'off' })
    this.#switch.addEventListener('change', () => remember('keys', this.#switch.checked ? 'on' : 'off'))
    dialog.append(
      el('h2', { id: 'help-title' }, 'Keys and signs'),
      el('dl', {}, ...KEYS.flatMap(([keys, what]) => [el('dt', {}, keyCaps(keys)), el('dd', {}, what)])),
      el('label', {}, this.#switch, ' Single keys work'),
      el(
        'dl',
        { class: 'signs' },
        ...SIGNS.flatMap(([sign, what]) => [el('dt', {}, sign), el('dd', {}, what)]),
      ),
      el('form', { method: 'dialog' }, el('button', { class: 'primary' }, 'Close')),
    )
  }

  get areKeysOn(): boolean {
    return this.#switch.checked
  }

  open(): void {
    if (!this.#dialog.open) this.#dialog.showModal()
  }
}

function keyCaps(keys: string): Node {
  const caps = el('span')
  for (const [i, key] of keys.split(' ').entries())
    caps.append(i === 0 ? '' : ' ', el('kbd', {}, key.replace(',', '')))
  return caps
}
