import { el, setText } from './dom.ts'
import type { EventLine, SeenEvent } from './event-words.ts'
import { wordsFor } from './event-words.ts'
import { formatCount, formatMoment } from './format.ts'

const MOST_KEPT = 1_000
const MOST_SHOWN = 100

interface Entry {
  readonly at: number | undefined
  readonly time: HTMLElement
  readonly element: HTMLElement
  readonly line: EventLine
  readonly text: string
}

/** What happened, the newest first, with its reason. */
export class EventFeed {
  readonly #list = el('ol', { class: 'events', 'aria-label': 'Events, the newest first', tabindex: 0 })
  readonly #count = el('p', { class: 'empty' })
  readonly #text: HTMLInputElement
  readonly #onlyTrouble: HTMLInputElement
  readonly #entries: Entry[] = []
  #isDue = false
  /** That the times are of: of another one they have their day beside them. */
  #day = ''

  constructor(region: HTMLElement) {
    const show = (): void => this.#show()
    this.#text = el('input', {
      type: 'search',
      placeholder: 'Filter',
      'aria-label': 'Filter events',
      oninput: show,
    })
    this.#onlyTrouble = el('input', { type: 'checkbox', onchange: show })
    region.append(
      el('h2', { id: 'events-title' }, 'Events'),
      el('div', { class: 'filter' }, this.#text, el('label', {}, this.#onlyTrouble, ' Problems')),
      this.#list,
      this.#count,
    )
    this.#show()
  }

  /** Call `show` once those that came together are added. */
  add(event: SeenEvent): EventLine {
    const line = wordsFor(event)
    const text = `${line.pool} ${line.subject} ${line.text} ${line.reason}`.toLowerCase()
    this.#entries.unshift({ ...elementsOf(event.at, line), at: event.at, line, text })
    if (this.#entries.length > MOST_KEPT) this.#entries.pop()
    return line
  }

  /** Some that were asked for are forgotten already. */
  addGap(missed: number): void {
    const line: EventLine = {
      tone: 'quiet',
      subject: '',
      pool: '',
      text: `${formatCount(missed)} earlier events are forgotten`,
      reason: '',
    }
    this.#entries.unshift({
      ...elementsOf(undefined, line),
      at: undefined,
      line,
      text: line.text,
    })
  }

  /** A day has begun since it was shown. */
  get isOld(): boolean {
    return this.#day !== new Date().toDateString()
  }

  /** With the next frame, however often it is called before. */
  show(): void {
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      this.#show()
    })
  }

  #show(): void {
    const wanted = this.#text.value.trim().toLowerCase()
    const found = this.#entries.filter(
      ({ line, text }) =>
        (!this.#onlyTrouble.checked || line.tone === 'bad' || line.tone === 'warn') && text.includes(wanted),
    )
    this.#day = new Date().toDateString()
    const shown = found.slice(0, MOST_SHOWN)
    for (const { at, time } of shown) if (at !== undefined) setText(time, formatMoment(at))
    this.#list.replaceChildren(...shown.map(({ element }) => element))
    const more = found.length - MOST_SHOWN
    setText(
      this.#count,
      found.length === 0
        ? this.#entries.length === 0
          ? 'Nothing has happened yet.'
          : 'None matches.'
        : more > 0
          ? `and ${formatCount(more)} older`
          : '',
    )
  }
}

const SYMBOLS = { good: '●', quiet: '·', warn: '◐', bad: '▼' }

function elementsOf(
  at: number | undefined,
  { tone, subject, pool, text, reason }: EventLine,
): Pick<Entry, 'time' | 'element'> {
  const time = el('time', at === undefined ? {} : { datetime: new Date(at).toISOString() })
  const element = el(
    'li',
    { 'data-tone': tone },
    time,
    el('span', { class: 'symbol', 'aria-hidden': 'true' }, SYMBOLS[tone]),
    el(
      'span',
      { class: 'what' },
      ...(subject === ''
        ? []
        : [
            // Shown where there are several.
            ...(pool === '' ? [] : [el('span', { class: 'of-pool' }, `${pool} / `)]),
            el('b', {}, subject),
            ' ',
          ]),
      text,
      ...(reason === '' ? [] : [el('span', { class: 'reason' }, reason)]),
    ),
  )
  return { time, element }
}
