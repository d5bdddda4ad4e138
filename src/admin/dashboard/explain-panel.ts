import type { Explanation } from '../../core/explanation.ts'
import { api } from './api.ts'
import { el, setText } from './dom.ts'
import { formatShare } from './format.ts'
import { field, grid, offer } from './grid.ts'
import type { View } from './model.ts'

/** Which backend would a client get, and why none of the others. */
export class ExplainPanel {
  readonly #listener = el('select')
  readonly #client = el('input', {
    type: 'text',
    value: '127.0.0.1',
    autocomplete: 'off',
    spellcheck: 'false',
  })
  readonly #host = el('input', { type: 'text', placeholder: 'any', autocomplete: 'off', spellcheck: 'false' })
  readonly #path = el('input', { type: 'text', value: '/', autocomplete: 'off', spellcheck: 'false' })
  readonly #http = el('div', { class: 'form-more', hidden: true })
  readonly #summary = el('p', { class: 'answer', role: 'status' })
  readonly #route = el('p', { class: 'quiet' })
  readonly #result: HTMLElement
  readonly #body: HTMLElement
  #view: View | undefined

  constructor(region: HTMLElement) {
    const { element, body } = grid('Every backend and why', ['Backend', 'Chance', 'Verdict', 'Why'])
    this.#result = element
    this.#result.hidden = true
    this.#body = body
    this.#http.append(field('Host', this.#host), field('Path', this.#path))
    const form = el(
      'form',
      { class: 'form', 'aria-label': 'Whose choice to explain' },
      field('Listener', this.#listener),
      field('Client address', this.#client),
      this.#http,
      el('button', { class: 'primary' }, 'Explain'),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.ask()
    })
    this.#listener.addEventListener('change', () => this.#showFields())
    region.append(
      el('h2', {}, 'Which backend would this client get?'),
      el('p', { class: 'quiet' }, 'Asking changes nothing and takes nobody’s turn.'),
      form,
      this.#summary,
      this.#route,
      element,
    )
  }

  update(view: View): void {
    this.#view = view
    offer(
      this.#listener,
      view.status.listeners.map(({ name }) => name),
    )
    this.#showFields()
  }

  async ask(): Promise<void> {
    const query = new URLSearchParams({ client: this.#client.value.trim() })
    if (this.#listener.value !== '') query.set('listener', this.#listener.value)
    if (!this.#http.hidden) {
      if (this.#host.value.trim() !== '') query.set('host', this.#host.value.trim())
      query.set('path', this.#path.value.trim() === '' ? '/' : this.#path.value.trim())
    }
    try {
      this.#show(await api.explain(query))
    } catch (error) {
      setText(this.#summary, error instanceof Error ? `No answer: ${error.message}.` : '')
      setText(this.#route, '')
      this.#result.hidden = true
    }
  }

  #show({ summary, pool, route, strategy, backends }: Explanation): void {
    setText(this.#summary, summary)
    const way = [route, pool && `pool ${pool}`, strategy].filter((part) => part !== undefined)
    setText(this.#route, way.join(' → '))
    this.#result.hidden = backends.length === 0
    const rows = backends.map(({ id, chance, verdict, reason }) =>
      el(
        'tr',
        {
          'data-tone':
            verdict === 'picked' || verdict === 'possible' ? 'good' : TROUBLE.has(verdict) ? 'bad' : 'quiet',
        },
        el('th', { scope: 'row' }, id),
        el('td', {}, chance === undefined ? 'unknown' : formatShare(chance)),
        el('td', { class: 'tone' }, verdict.replaceAll('-', ' ')),
        el('td', { class: 'wide' }, reason),
      ),
    )
    this.#body.replaceChildren(...rows)
  }

  #showFields(): void {
    const { value } = this.#listener
    const listener = this.#view?.status.listeners.find(({ name }) => name === value)
    this.#http.hidden = listener?.mode !== 'http'
  }
}

const TROUBLE = new Set(['down', 'ejected', 'full'])
