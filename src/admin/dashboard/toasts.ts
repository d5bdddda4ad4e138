import { el } from './dom.ts'

export interface Toast {
  readonly text: string
  readonly tone?: 'good' | 'bad'
  /** Takes back what was done. */
  readonly undo?: () => void
}

/** Long enough to read it, see what it does, and change one's mind. */
const SHOWN_MS = 15_000
const MOST = 4

/** Messages that come and go; while one is pointed at or has the focus it stays. */
export class Toasts {
  readonly #region: HTMLElement
  readonly #open: { readonly element: HTMLElement; readonly undo: (() => void) | undefined }[] = []

  constructor(region: HTMLElement) {
    this.#region = region
  }

  show({ text, tone = 'good', undo }: Toast): void {
    const close = (): void => this.#close(element)
    const element = el(
      'div',
      { class: `toast ${tone}`, role: tone === 'bad' ? 'alert' : 'status' },
      el('p', {}, text),
    )
    if (undo !== undefined) {
      const run = (): void => {
        close()
        undo()
      }
      element.append(
        el('button', { type: 'button', class: 'undo', 'aria-keyshortcuts': 'u', onclick: run }, 'Undo'),
      )
    }
    element.append(
      el('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: close }, '×'),
    )
    this.#region.append(element)
    this.#open.push({ element, undo })
    if (this.#open.length > MOST) this.#close((this.#open[0] as { element: HTMLElement }).element)
    this.#expire(element)
  }

  /** Of the latest that can; false where there is none. */
  undoLatest(): boolean {
    const latest = this.#open.findLast(({ undo }) => undo !== undefined)
    if (latest === undefined) return false
    this.#close(latest.element)
    latest.undo?.()
    return true
  }

  closeLatest(): boolean {
    const latest = this.#open.at(-1)
    if (latest !== undefined) this.#close(latest.element)
    return latest !== undefined
  }

  #expire(element: HTMLElement): void {
    setTimeout(() => {
      if (element.matches(':hover, :focus-within')) this.#expire(element)
      else this.#close(element)
    }, SHOWN_MS)
  }

  #close(element: HTMLElement): void {
    element.remove()
    const index = this.#open.findIndex((one) => one.element === element)
    if (index !== -1) this.#open.splice(index, 1)
  }
}
