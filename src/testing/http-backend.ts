import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import type { FixtureListenOptions } from './fixture-server.ts'
import { FixtureServer } from './fixture-server.ts'

export interface HttpBackendOptions extends FixtureListenOptions {
  /** What it calls itself in its answers; default `backend`. */
  readonly name?: string | undefined
  /** Delay of every answer but `/health`; a request's `?delay=ms` overrules it. Default 0. */
  readonly delayMs?: number | undefined
  /** What `/health` says at first; default true. */
  readonly healthy?: boolean | undefined
  /** Times the delays; default the system's. */
  readonly clock?: Clock | undefined
}

/** A request as the backend received it. */
export interface ReceivedRequest {
  /** Counts up from 1; `/health` and its switches are not counted. */
  readonly request: number
  readonly method: string
  readonly url: string
  readonly httpVersion: string
  /** Name and value pairs as they came: order, case and repetition kept. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly bodyBytes: number
  readonly bodySha256: string
}

/** Older ones are forgotten, so that a backend may run for days. */
const REQUESTS_KEPT = 1_000
const MAX_DELAY_MS = 600_000

/**
 * Starts an HTTP backend that answers each request, once its body has come, with its own name, the request's number
 * and the request: as text, or as JSON where `Accept` names `application/json`. `GET /health` is 200 or 503;
 * `POST /health/fail` and `POST /health/ok` switch it.
 */
export async function httpBackend(options: HttpBackendOptions = {}): Promise<HttpBackend> {
  const backend = new HttpBackend(options)
  await backend.start()
  return backend
}

export class HttpBackend extends FixtureServer {
  readonly name: string
  /** Requests answered or about to be, without `/health`. */
  requestCount = 0
  /** Requests to `/health`. */
  healthChecks = 0
  /** The latest 1,000, without `/health`. */
  readonly requests: ReceivedRequest[] = []
  /** Of every answer but `/health`; may be changed at any time. */
  delayMs: number
  #healthy: boolean
  readonly #clock: Clock

  constructor(options: HttpBackendOptions = {}) {
    const server = createServer((request, response) => this.#receive(request, response))
    super(server, options)
    this.name = options.name ?? 'backend'
    this.delayMs = options.delayMs ?? 0
    this.#healthy = options.healthy ?? true
    this.#clock = options.clock ?? systemClock
  }

  get healthy(): boolean {
    return this.#healthy
  }

  /** From now on `/health` is 200 or 503. */
  setHealthy(healthy: boolean): void {
    this.#healthy = healthy
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const hash = createHash('sha256')
    let bodyBytes = 0
    request.on('error', () => undefined) // The client left amid its body: nobody is there to answer.
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      bodyBytes += chunk.length
    })
    request.on('end', () => this.#route(request, response, bodyBytes, hash.digest('hex')))
  }

  #route(request: IncomingMessage, response: ServerResponse, bodyBytes: number, bodySha256: string): void {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    if (path === '/health') return this.#answerHealth(response, query)
    if (path === '/health/fail' || path === '/health/ok') return this.#switchHealth(request, response, path)
    const received: ReceivedRequest = {
      request: ++this.requestCount,
      method: request.method ?? '',
      url: request.url ?? '',
      httpVersion: request.httpVersion,
      headers: pairs(request.rawHeaders),
      bodyBytes,
      bodySha256,
    }
    this.requests.push(received)
    if (this.requests.length > REQUESTS_KEPT) this.requests.shift()
    const wantsJson = (request.headers.accept ?? '').includes('application/json')
    const body = wantsJson ? this.#json(received) : this.#text(received)
    const type = wantsJson ? 'application/json' : 'text/plain; charset=utf-8'
    this.#answer(response, query, this.delayMs, { status: 200, type, body })
  }

  #answerHealth(response: ServerResponse, query: string): void {
    this.healthChecks++
    const status = this.#healthy ? 200 : 503
    const body = `${this.name} is ${this.#healthy ? 'healthy' : 'failing'}\n`
    this.#answer(response, query, 0, { status, type: TEXT, body })
  }

  #switchHealth(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST')
      return send(response, { status: 405, type: TEXT, body: `POST ${path} switches /health\n` })
    }
    this.setHealthy(path === '/health/ok')
    const body = `${this.name} now answers /health with ${this.#healthy ? 200 : 503}\n`
    send(response, { status: 200, type: TEXT, body })
  }

  #answer(response: ServerResponse, query: string, defaultDelayMs: number, answer: Answer): void {
    const asked = new URLSearchParams(query).get('delay')
    const delayMs = asked === null ? defaultDelayMs : Number(asked)
    if (!(delayMs >= 0 && delayMs <= MAX_DELAY_MS)) {
      const body = `delay must be a number of milliseconds from 0 to ${MAX_DELAY_MS}\n`
      return send(response, { status: 400, type: TEXT, body })
    }
    if (delayMs === 0) return send(response, answer)
    const timer = this.#clock.setTimer(() => send(response, answer), delayMs)
    response.on('close', () => timer.cancel())
  }

  #text(received: ReceivedRequest): string {
    const { request, method, url, httpVersion, headers, bodyBytes, bodySha256 } = received
    const head = headers.map(([name, value]) => `${name}: ${value}\n`).join('')
    const body = bodyBytes === 0 ? '' : `\n(${bodyBytes} bytes of body, sha256 ${bodySha256})\n`
    return `hello from ${this.name}: request ${request}\n${method} ${url} HTTP/${httpVersion}\n${head}${body}`
  }

  #json(received: ReceivedRequest): string {
    return `${JSON.stringify({ name: this.name, ...received })}\n`
  }
}

const TEXT = 'text/plain; charset=utf-8'

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function pairs(rawHeaders: readonly string[]): (readonly [string, string])[] {
  const result: [string, string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    result.push([rawHeaders[i] as string, rawHeaders[i + 1] as string])
  return result
}
