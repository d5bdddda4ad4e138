import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import { ArrivingRequest } from './arriving-request.ts'
import type { FixtureListenOptions } from './fixture-server.ts'
import { FixtureServer } from './fixture-server.ts'
import type { HttpAnswer } from './http-answer.ts'
import { askedAnswer, sendAnswer } from './http-answer.ts'
import { handshakeOf } from './handshake.ts'
import { testCertificate, testCertificateKey } from './test-certificate.ts'

export interface HttpBackendOptions extends FixtureListenOptions, HttpAnswer {
  /** What it calls itself in its answers, and a balancer calls it; default `backend`, and its address. */
  readonly name?: string | undefined
  /** What `/health` says at first; default true. */
  readonly healthy?: boolean | undefined
  /** Speaks HTTPS, with `testCertificate`. Default false. */
  readonly tls?: boolean | undefined
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
  /** The first 64 KiB of the body. */
  readonly body: Buffer
}

/** A request of which the head has come, but not the whole body: it is on its way, or the client broke off. */
export type UnfinishedRequest = Omit<ReceivedRequest, 'request' | 'bodySha256'>

/** Older ones are forgotten, so that a backend may run for days. */
const REQUESTS_KEPT = 1_000

/**
 * Starts an HTTP backend that answers each request, once its body has come, with its own name, the request's number
 * and the request: as text, or as JSON where `Accept` names `application/json`. How it answers can be chosen for all
 * requests (`answer`), for a path (`paths`), for the next few (`answerNext`, `failNext`), and by a request itself
 * (`?status=503&delay=100&size=1000&chunked&close&cut=10&hang`), of which the later wins. `GET /health` is 200 or 503;
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
  /** Those whose body has not come whole: also the latest 1,000, and without `/health`. */
  readonly unfinished: UnfinishedRequest[] = []
  /** How many stand in neither list any more. */
  forgottenRequests = 0
  /** Of every request but `/health`; may be changed at any time. */
  answer: HttpAnswer
  /** Of the requests to a path, without its query; over `answer`. */
  readonly paths = new Map<string, HttpAnswer>()
  readonly #next: HttpAnswer[] = []
  #healthy: boolean
  readonly #tls: boolean
  readonly #clock: Clock

  /** Use {@link httpBackend}. */
  constructor(options: HttpBackendOptions = {}) {
    const { name, healthy, tls, clock, host, port, path, id, ...answer } = options
    const receive = (request: IncomingMessage, response: ServerResponse): void =>
      this.#receive(request, response)
    const server =
      tls === true
        ? createSecureServer({ key: testCertificateKey, cert: testCertificate }, receive)
        : createServer(receive)
    // A client that does not trust the certificate, or that speaks no TLS.
    server.on('tlsClientError', () => undefined)
    super(server, { host, port, path, id: id ?? name })
    server.on('secureConnection', (socket: TLSSocket) => {
      // A TLS socket does not say which it sits on; a unix socket's clients have no port to tell them apart by.
      const session = this.openSessions.find(({ remotePort }) => remotePort === socket.remotePort)
      if (session !== undefined) session.tls = handshakeOf(socket)
    })
    this.name = name ?? 'backend'
    this.answer = answer
    this.#tls = tls === true
    this.#healthy = healthy ?? true
    this.#clock = clock ?? systemClock
  }

  get healthy(): boolean {
    return this.#healthy
  }

  /** From now on `/health` is 200 or 503. */
  setHealthy(healthy: boolean): void {
    this.#healthy = healthy
  }

  /** Answers the next `count` requests but those to `/health` so, after those that are set already. */
  answerNext(count: number, answer: HttpAnswer): void {
    for (let i = 0; i < count; i++) this.#next.push(answer)
  }

  /** The next `count` requests but those to `/health` fail. Default with 503. */
  failNext(count: number, status = 503): void {
    this.answerNext(count, { status })
  }

  protected override get scheme(): string {
    return this.#tls ? 'https' : 'http'
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const arriving = new ArrivingRequest(request)
    if (!HEALTH.test(arriving.url)) this.#keep(this.unfinished, arriving)
    request.on('error', () => undefined) // The client left amid its body: nobody is there to answer.
    request.on('data', (chunk: Buffer) => arriving.take(chunk))
    request.on('end', () => {
      const at = this.unfinished.indexOf(arriving)
      if (at !== -1) this.unfinished.splice(at, 1)
      this.#route(request, response, arriving)
    })
  }

  #route(request: IncomingMessage, response: ServerResponse, arriving: ArrivingRequest): void {
    const [path = '', query = ''] = arriving.url.split('?', 2)
    if (path === '/health') return this.#answerHealth(response, query)
    if (path === '/health/fail' || path === '/health/ok') return this.#switchHealth(request, response, path)
    const received = arriving.whole(++this.requestCount)
    this.#keep(this.requests, received)
    const wantsJson = (request.headers.accept ?? '').includes('application/json')
    const report = wantsJson
      ? { type: 'application/json', body: this.#json(received) }
      : { type: TEXT, body: this.#text(received) }
    const answer = { ...this.answer, ...this.paths.get(path), ...this.#next.shift() }
    this.#answer(response, { query, answer, report })
  }

  #keep<T>(list: T[], request: T): void {
    list.push(request)
    if (list.length <= REQUESTS_KEPT) return
    list.shift()
    this.forgottenRequests++
  }

  #answerHealth(response: ServerResponse, query: string): void {
    this.healthChecks++
    const body = `${this.name} is ${this.#healthy ? 'healthy' : 'failing'}\n`
    const answer: HttpAnswer = { ...this.paths.get('/health'), status: this.#healthy ? 200 : 503 }
    this.#answer(response, { query, answer, report: { type: TEXT, body } })
  }

  #switchHealth(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (request.method !== 'POST') {
      const body = `POST ${path} switches /health\n`
      return sendAnswer(response, { status: 405, headers: { allow: 'POST' } }, { type: TEXT, body })
    }
    this.setHealthy(path === '/health/ok')
    const body = `${this.name} now answers /health with ${this.#healthy ? 200 : 503}\n`
    sendAnswer(response, {}, { type: TEXT, body })
  }

  #answer(
    response: ServerResponse,
    { query, answer, report }: { query: string; answer: HttpAnswer; report: { type: string; body: string } },
  ): void {
    const asked = askedAnswer(query)
    if (typeof asked === 'string') return sendAnswer(response, { status: 400 }, { type: TEXT, body: asked })
    const chosen: HttpAnswer = { ...answer, ...asked }
    const { delayMs = 0 } = chosen
    if (delayMs === 0) return sendAnswer(response, chosen, report)
    const timer = this.#clock.setTimer(() => sendAnswer(response, chosen, report), delayMs)
    response.on('close', () => timer.cancel())
  }

  #text(received: ReceivedRequest): string {
    const { request, method, url, httpVersion, headers, bodyBytes, bodySha256 } = received
    const head = headers.map(([name, value]) => `${name}: ${value}\n`).join('')
    const body = bodyBytes === 0 ? '' : `\n(${bodyBytes} bytes of body, sha256 ${bodySha256})\n`
    return `hello from ${this.name}: request ${request}\n${method} ${url} HTTP/${httpVersion}\n${head}${body}`
  }

  #json(received: ReceivedRequest): string {
    return `${JSON.stringify({ name: this.name, ...received, body: undefined })}\n`
  }
}

const TEXT = 'text/plain; charset=utf-8'
const HEALTH = /^\/health(?:\/(?:fail|ok))?(?:\?|$)/
