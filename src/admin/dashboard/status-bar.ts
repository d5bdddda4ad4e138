import { el, setAttribute, setText } from './dom.ts'
import { formatAge, formatUptime } from './format.ts'
import type { Connection } from './live-stream.ts'
import type { View } from './model.ts'

export interface StatusBarParts {
  readonly verdict: HTMLElement
  readonly uptime: HTMLElement
  readonly connection: HTMLElement
}

const SYMBOLS = { good: '●', warn: '◐', bad: '▼' }
const MOST_REASONS = 6

/** The first thing that one reads: is all well, and is that news or an hour old? */
export class StatusBar {
  readonly #parts: StatusBarParts
  readonly #symbol = el('span', { class: 'symbol', 'aria-hidden': 'true' })
  readonly #headline = el('strong')
  readonly #reasons = el('ul')
  readonly #state = el('span')
  readonly #retry: HTMLButtonElement
  #level = ''

  constructor(parts: StatusBarParts, { onRetry }: { readonly onRetry: () => void }) {
    this.#parts = parts
    this.#retry = el('button', { type: 'button', hidden: true, onclick: onRetry }, 'Try now')
    parts.connection.append(this.#state, this.#retry)
  }

  update({ verdict, status }: View): void {
    const { level, headline, reasons } = verdict
    if (this.#level === '') this.#parts.verdict.replaceChildren(this.#symbol, this.#headline, this.#reasons)
    this.#level = level
    setAttribute(this.#parts.verdict, 'data-level', level)
    setText(this.#symbol, SYMBOLS[level])
    setText(this.#headline, headline)
    const more = reasons.length - MOST_REASONS
    const shown = more > 0 ? [...reasons.slice(0, MOST_REASONS), `And ${more} more.`] : reasons
    while (this.#reasons.childElementCount > shown.length) this.#reasons.lastElementChild?.remove()
    while (this.#reasons.childElementCount < shown.length) this.#reasons.append(el('li'))
    for (const [i, reason] of shown.entries()) setText(this.#reasons.children[i] as Element, reason)
    const uptime = formatUptime(status.at - status.startedAt)
    setText(this.#parts.uptime, `v${status.process.version} · up ${uptime}`)
    document.title = level === 'good' ? 'fairlead' : `${SYMBOLS[level]} ${headline} · fairlead`
  }

  connection(connection: Connection): void {
    setAttribute(this.#parts.connection, 'data-kind', connection.kind)
    setAttribute(document.body, 'data-stale', isStale(connection) ? '' : undefined)
    this.#retry.hidden = connection.kind !== 'waiting'
    setText(this.#state, connectionText(connection))
  }
}

function isStale({ kind }: Connection): boolean {
  return kind === 'waiting' || kind === 'silent' || kind === 'logged-out'
}

function connectionText(connection: Connection): string {
  if (connection.kind === 'live') return '● Live'
  if (connection.kind === 'connecting') return '○ Connecting …'
  if (connection.kind === 'logged-out') return '▼ Logged out'
  if (connection.kind === 'silent') return `◐ Nothing heard for ${formatAge(connection.sinceMs)}`
  return `▼ Reconnecting in ${Math.ceil(connection.retryInMs / 1_000)} s: ${connection.why}`
}
