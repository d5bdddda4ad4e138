import type { SessionSnapshot } from '../../core/snapshot.ts'
import { el, setText } from './dom.ts'
import { formatAge, formatBytes, formatMs } from './format.ts'

/** One open session, and the button that ends it. */
export class SessionRow {
  readonly element: HTMLElement
  readonly #cells: readonly HTMLElement[]
  readonly #change = el('td', { class: 'kill' })
  readonly #onKill: (id: number) => void
  readonly #id: number
  readonly client: string

  constructor({ id, client }: SessionSnapshot, { onKill }: { readonly onKill: (id: number) => void }) {
    this.#id = id
    this.client = client
    this.#onKill = onKill
    this.#cells = Array.from({ length: 8 }, () => el('td'))
    this.element = el('tr', {}, ...this.#cells, this.#change)
    this.#offer()
  }

  /** @param isTcp of a session without a backend it tells that it waits for one; in HTTP mode it may have nothing to ask */
  update(session: SessionSnapshot, isTcp: boolean): void {
    const { id, client, listener, pool, backend, tried, bytesIn, bytesOut, queueMs, connectMs, ageMs } =
      session
    const isWaiting = isTcp && backend === undefined
    const texts = [
      String(id),
      client,
      listener,
      `${pool} / ${backend ?? (isWaiting ? 'none yet' : 'none just now')}`,
      tried.length === 0 ? '–' : tried.map((one) => `${one.backend}: ${one.reason}`).join('; '),
      formatAge(ageMs),
      `${formatBytes(bytesIn)} / ${formatBytes(bytesOut)}`,
      isWaiting ? `${formatMs(ageMs)} so far` : waitText(queueMs, connectMs),
    ]
    for (const [i, text] of texts.entries()) setText(this.#cells[i] as HTMLElement, text)
  }

  #offer(): void {
    const onclick = (): void => this.#ask()
    const label = `Reset session ${this.#id} of ${this.client}`
    this.#change.replaceChildren(el('button', { type: 'button', 'aria-label': label, onclick }, 'Reset'))
  }

  #ask(): void {
    const cancel = (): void => {
      this.#offer()
      this.#change.querySelector('button')?.focus()
    }
    const kill = (): void => this.#onKill(this.#id)
    const yes = el('button', { type: 'button', class: 'danger', onclick: kill }, 'Reset it')
    const onkeydown = (event: Event): void => {
      if ((event as KeyboardEvent).key !== 'Escape') return
      event.stopPropagation()
      cancel()
    }
    this.#change.replaceChildren(
      el(
        'span',
        { class: 'inline-confirm', onkeydown },
        'Cut both sides off? ',
        yes,
        el('button', { type: 'button', onclick: cancel }, 'Cancel'),
      ),
    )
    yes.focus()
  }
}

function waitText(queueMs: number, connectMs: number): string {
  const parts = [
    ...(queueMs > 0 ? [`${formatMs(queueMs)} queued`] : []),
    ...(connectMs > 0 ? [`${formatMs(connectMs)} to connect`] : []),
  ]
  return parts.length === 0 ? '–' : parts.join(', ')
}
