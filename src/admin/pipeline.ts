import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { stopReading } from './http/stop-reading.ts'

/**
 * Requests that a connection may send before the first of them is answered. Browsers and scrapers send one; to take in
 * so many takes about as long as to answer one.
 */
const MOST_SENT_AHEAD = 8

export type Handle = (request: IncomingMessage, response: ServerResponse) => void

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * The requests of one connection, of which one at a time is handled: answers go out in order, so that one made early
 * would only lie there, and a stream behind a stream would hear neither drain nor close. Whoever sends on and on without
 * an answer is cut off.
 */
export class Pipeline {
  readonly #socket: Socket
  readonly #handle: Handle
  /** The first is being answered. */
  readonly #exchanges: Exchange[] = []
  #isLast = false

  constructor(socket: Socket, handle: Handle) {
    this.#socket = socket
    this.#handle = handle
  }

  get isIdle(): boolean {
    return this.#exchanges.length === 0
  }

  add(request: IncomingMessage, response: ServerResponse): void {
    if (this.#socket.destroyed) return
    if (this.#exchanges.length === MOST_SENT_AHEAD) return stopReading(this.#socket)
    if (this.#exchanges.push({ request, response }) === 1) this.#handleFirst()
  }

  /** Ends the connection as soon as the request that is being handled is answered; at once where there is none. */
  close(): void {
    this.#isLast = true
    if (this.isIdle) this.#socket.destroy()
  }

  #handleFirst(): void {
    const [first] = this.#exchanges
    if (first === undefined) return
    first.response.on('close', () => {
      this.#exchanges.shift()
      if (this.#isLast) this.#socket.destroySoon()
      else if (!this.#socket.destroyed) this.#handleFirst()
    })
    this.#handle(first.request, first.response)
  }
}
