import { ApiFailure, failureOf } from './api.ts'
import { SseParser } from './sse-parser.ts'
import type { SseMessage } from './sse-parser.ts'

/** How the page is connected. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Live so far as anybody knows, but nothing has come for a while. */
  | { readonly kind: 'silent'; readonly sinceMs: number }
  | { readonly kind: 'waiting'; readonly retryInMs: number; readonly why: string }
  | { readonly kind: 'logged-out' }

export interface LiveStreamOptions {
  readonly onMessage: (message: SseMessage) => void
  readonly onConnection: (connection: Connection) => void
}

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 15_000
/** Snapshots come once a second. */
const SILENT_MS = 4_000
/** A connection that died without a word. */
const DEAD_MS = 20_000
const TICK_MS = 500

/** The stream of events and snapshots, taken up again with the last id for as long as the page is open. */
export class LiveStream {
  readonly #options: LiveStreamOptions
  #lastId = '0'
  #failures = 0
  #retryAt = 0
  #why = ''
  /** The last thing that came, over whichever connection; at first the start. */
  #heardAt = 0
  #connectedAt = 0
  #connection: AbortController | undefined

  constructor(options: LiveStreamOptions) {
    this.#options = options
  }

  start(): void {
    this.#heardAt = performance.now()
    setInterval(() => this.#tick(), TICK_MS)
    this.retryNow()
  }

  /** Does not wait any longer. */
  retryNow(): void {
    if (this.#connection !== undefined) return
    void this.#run()
  }

  async #run(): Promise<void> {
    const connection = new AbortController()
    this.#connection = connection
    if (this.#failures === 0) this.#options.onConnection({ kind: 'connecting' })
    try {
      await this.#read(connection.signal)
      this.#why = 'fairlead ended the stream'
    } catch (error) {
      this.#why = error instanceof ApiFailure ? error.message : 'fairlead does not answer'
    }
    connection.abort()
    this.#connection = undefined
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++)
    this.#retryAt = performance.now() + waitMs
    this.#tick()
  }

  async #read(signal: AbortSignal): Promise<void> {
    this.#connectedAt = performance.now()
    const response = await fetch(`api/v1/events?snapshot=1&since=${this.#lastId}`, { signal })
    if (response.status === 401) this.#options.onConnection({ kind: 'logged-out' })
    if (!response.ok || response.body === null) throw await failureOf(response)
    const parser = new SseParser((message) => this.#hear(message))
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      this.#heardAt = performance.now()
      parser.push(value)
    }
  }

  #hear(message: SseMessage): void {
    this.#lastId = message.id ?? this.#lastId
    if (message.event === 'snapshot') {
      this.#failures = 0
      this.#options.onConnection({ kind: 'live' })
    }
    this.#options.onMessage(message)
  }

  #tick(): void {
    const now = performance.now()
    if (this.#connection === undefined) {
      const retryInMs = this.#retryAt - now
      if (retryInMs <= 0) return this.retryNow()
      this.#options.onConnection({ kind: 'waiting', retryInMs, why: this.#why })
      return
    }
    const sinceMs = now - this.#heardAt
    const quietMs = Math.min(sinceMs, now - this.#connectedAt)
    if (quietMs > DEAD_MS) this.#connection.abort()
    else if (quietMs > SILENT_MS) this.#options.onConnection({ kind: 'silent', sinceMs })
  }
}
