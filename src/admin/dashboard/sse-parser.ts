/** One message of a stream of server-sent events. */
export interface SseMessage {
  readonly event: string
  readonly data: string
  /** The id in force: of this message, or of the last that had one. */
  readonly id: string | undefined
}

/**
 * Reads server-sent events out of text that comes in pieces cut anywhere (HTML Living Standard, 9.2.6). Not an
 * `EventSource`: that one cannot tell a login that ran out from a server that went away.
 */
export class SseParser {
  readonly #onMessage: (message: SseMessage) => void
  #pieces: string[] = []
  #event = ''
  #data: string[] = []
  #id: string | undefined

  constructor(onMessage: (message: SseMessage) => void) {
    this.#onMessage = onMessage
  }

  push(text: string): void {
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#pieces.push(text.slice(start, end))
      this.#line(this.#pieces.join('').replace(/\r$/, ''))
      this.#pieces = []
      start = end + 1
    }
    // A snapshot of many backends comes in many pieces: joined once, at its end.
    if (start < text.length) this.#pieces.push(text.slice(start))
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'event') this.#event = value
    else if (name === 'data') this.#data.push(value)
    else if (name === 'id') this.#id = value
  }

  #dispatch(): void {
    const [event, data] = [this.#event, this.#data]
    this.#event = ''
    this.#data = []
    if (data.length === 0) return
    this.#onMessage({ event: event === '' ? 'message' : event, data: data.join('\n'), id: this.#id })
  }
}
