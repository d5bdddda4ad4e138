import type { SessionSnapshot } from '../../core/snapshot.ts'
import { api } from './api.ts'
import { arrange, el, setText } from './dom.ts'
import { formatCount, plural } from './format.ts'
import { field, grid, offer } from './grid.ts'
import type { View } from './model.ts'
import type { Operations } from './operations.ts'
import { SessionRow } from './session-row.ts'

const MOST_FETCHED = 1_000
const MOST_SHOWN = 200
const EVERY_MS = 2_000

/** Who is connected right now: asked for only while it is looked at. */
export class SessionsPanel {
  readonly #region: HTMLElement
  readonly #operations: Operations
  readonly #pool = el('select')
  readonly #backend = el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false' })
  readonly #text = el('input', { type: 'search', placeholder: 'client, listener, reason …' })
  readonly #summary = el('p', { class: 'quiet', role: 'status' })
  readonly #body: HTMLElement
  readonly #rows = new Map<number, SessionRow>()
  #sessions: readonly SessionSnapshot[] = []
  #total = 0
  #tcpListeners: ReadonlySet<string> = new Set()
  #timer: ReturnType<typeof setTimeout> | undefined
  #isAsking = false

  constructor(region: HTMLElement, operations: Operations) {
    this.#region = region
    this.#operations = operations
    const { element, body } = grid('Open sessions', HEADINGS)
    this.#body = body
    const ask = (): void => void this.#ask()
    this.#pool.addEventListener('change', ask)
    this.#backend.addEventListener('change', ask)
    this.#text.addEventListener('input', () => this.#show())
    region.append(
      el('h2', {}, 'Open sessions'),
      el(
        'div',
        { class: 'form' },
        field('Pool', this.#pool),
        field('Backend', this.#backend),
        field('Contains', this.#text),
      ),
      this.#summary,
      element,
    )
  }

  update({ pools, status }: View): void {
    this.#tcpListeners = new Set(
      status.listeners.filter(({ mode }) => mode === 'tcp').map(({ name }) => name),
    )
    offer(
      this.#pool,
      pools.map(({ pool }) => pool.name),
      'all pools',
    )
  }

  /** To those of one backend. */
  only(pool: string, backend: string): void {
    this.#pool.value = pool
    this.#backend.value = backend
  }

  /** Called when it is looked at, and when no longer. */
  watch(isWatched: boolean): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (isWatched) void this.#ask()
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#isAsking) return
    this.#isAsking = true
    const query = new URLSearchParams({ most: String(MOST_FETCHED) })
    if (this.#pool.value !== '') query.set('pool', this.#pool.value)
    if (this.#backend.value.trim() !== '') query.set('backend', this.#backend.value.trim())
    try {
      const { sessions, total } = await api.sessions(query)
      this.#sessions = sessions
      this.#total = total
      this.#show()
    } catch (error) {
      setText(this.#summary, error instanceof Error ? `No sessions can be shown: ${error.message}.` : '')
    } finally {
      this.#isAsking = false
    }
    if (!this.#region.hidden) this.#timer = setTimeout(() => void this.#ask(), EVERY_MS)
  }

  #show(): void {
    const wanted = this.#text.value.trim().toLowerCase()
    const found = this.#sessions.filter((session) => textOf(session).includes(wanted))
    const shown = found.slice(0, MOST_SHOWN)
    const ids = new Set(shown.map(({ id }) => id))
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id)
    arrange(
      this.#body,
      shown.map((session) => this.#rowOf(session).element),
    )
    setText(this.#summary, this.#summaryText(found.length, shown.length))
  }

  #summaryText(found: number, shown: number): string {
    const open = `${plural(this.#total, 'session')} open`
    if (this.#total === 0) return 'No session is open.'
    if (found === 0) return `${open}, none matches.`
    const all = shown < found ? `; the oldest ${formatCount(shown)} of ${formatCount(found)} are shown` : ''
    const cut =
      this.#sessions.length === MOST_FETCHED && this.#total > MOST_FETCHED
        ? `; only the oldest ${formatCount(MOST_FETCHED)} are searched`
        : ''
    return `${open}, ${formatCount(found)} found${all}${cut}.`
  }

  #rowOf(session: SessionSnapshot): SessionRow {
    let row = this.#rows.get(session.id)
    // Another process counts its sessions anew: what is asked about one is not asked about another of its number.
    if (row?.client !== session.client) {
      row = new SessionRow(session, { onKill: (id) => void this.#kill(id) })
      this.#rows.set(session.id, row)
    }
    row.update(session, this.#tcpListeners.has(session.listener))
    return row
  }

  async #kill(id: number): Promise<void> {
    await this.#operations.attempt(async () => {
      await api.killSession(id)
      this.#operations.done(`Session ${id} was reset.`)
    })
    await this.#ask()
  }
}

const HEADINGS = [
  'Session',
  'Client',
  'Listener',
  'Backend',
  'Tried before',
  'Age',
  'In / out',
  'Waited',
  'Change',
]

function textOf({ id, client, listener, pool, backend = '', tried }: SessionSnapshot): string {
  const failed = tried.map((one) => `${one.backend} ${one.reason}`).join(' ')
  return `${id} ${client} ${listener} ${pool}/${backend} ${failed}`.toLowerCase()
}
