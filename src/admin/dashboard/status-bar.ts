import { el, setAttribute, setText } from './dom.ts'
import { formatAge, formatNumber, formatMoment, formatUptime, plural } from './format.ts'
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
  #view: View | undefined
  #isStale = false

  constructor(parts: StatusBarParts, { onRetry }: { readonly onRetry: () => void }) {
    this.#parts = parts
    this.#retry = el('button', { type: 'button', hidden: true, onclick: onRetry }, 'Try now')
    parts.connection.append(this.#state, this.#retry)
  }

  update(view: View): void {
    if (this.#view === undefined)
      this.#parts.verdict.replaceChildren(this.#symbol, this.#headline, this.#reasons)
    this.#view = view
    this.#show()
  }

  #show(): void {
    if (this.#view === undefined) return
    const view = this.#view
    const { verdict, status } = view
    const { level, headline } = verdict
    const reasons = level === 'good' ? [workText(view), ...verdict.reasons] : verdict.reasons
    setAttribute(this.#parts.verdict, 'data-level', level)
    setText(this.#symbol, this.#isStale ? '?' : SYMBOLS[level])
    setText(
      this.#headline,
      this.#isStale ? `Not known since ${formatMoment(status.at)}. Before that: ${headline}` : headline,
    )
    const more = reasons.length - MOST_REASONS
    const shown = more > 0 ? [...reasons.slice(0, MOST_REASONS), `And ${more} more.`] : reasons
    while (this.#reasons.childElementCount > shown.length) this.#reasons.lastElementChild?.remove()
    while (this.#reasons.childElementCount < shown.length) this.#reasons.append(el('li'))
    for (const [i, reason] of shown.entries()) setText(this.#reasons.children[i] as Element, reason)
    const uptime = formatUptime(status.at - status.startedAt)
    setText(this.#parts.uptime, `v${status.process.version} · up ${uptime}`)
    const title = this.#isStale ? '? Reconnecting' : level === 'good' ? '' : `${SYMBOLS[level]} ${headline}`
    document.title = title === '' ? 'fairlead' : `${title} · fairlead`
  }

  connection(connection: Connection): void {
    setAttribute(this.#parts.connection, 'data-kind', connection.kind)
    this.#isStale = isStale(connection)
    setAttribute(document.body, 'data-stale', this.#isStale ? '' : undefined)
    this.#show()
    this.#retry.hidden = connection.kind !== 'waiting'
    setText(this.#state, connectionText(connection))
  }
}

/** What it does, where nothing is wrong. */
function workText({ pools, unit, isMixed, status }: View): string {
  const serving = pools.reduce((sum, pool) => sum + pool.serving, 0)
  const rate = pools.reduce((sum, pool) => sum + pool.rate, 0)
  const open = status.listeners.reduce((sum, { active }) => sum + active, 0)
  const place = pools.length > 1 ? ` in ${pools.length} pools` : ''
  const verb = serving === 1 ? 'serves' : 'serve'
  const counted = isMixed ? 'requests and sessions' : `${unit}s`
  const pace = rate > 0 ? `${formatNumber(rate)} ${counted} a second` : `nothing right now`
  return `${plural(serving, 'backend')}${place} ${verb} ${pace}; ${plural(open, 'session')} open.`
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
