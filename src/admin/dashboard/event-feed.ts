import { el, setText } from './dom.ts'
import type { EventLine, SeenEvent } from './event-words.ts'
import { wordsFor } from './event-words.ts'
import { formatCount, formatTime } from './format.ts'

const MOST_KEPT = 1_000
const MOST_SHOWN = 100

interface Entry {
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
    this.#entries.unshift({ element: elementOf(event.at, line), line, text })
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
    this.#entries.unshift({ element: elementOf(undefined, line), line, text: line.text })
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
    this.#list.replaceChildren(...found.slice(0, MOST_SHOWN).map(({ element }) => element))
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

function elementOf(at: number | undefined, { tone, subject, pool, text, reason }: EventLine): HTMLElement {
  const time = at === undefined ? '' : formatTime(at)
  const when = el('time', at === undefined ? {} : { datetime: new Date(at).toISOString() }, time)
  return el(
    'li',
    { 'data-tone': tone },
    when,
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
}
