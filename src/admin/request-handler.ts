import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from './api-error.ts'
import type { AdminContext } from './context.ts'
import { assertOwnHost } from './guards/check-host.ts'
import { assertOwnOrigin, assertOwnReader } from './guards/check-origin.ts'
import { assertAcceptable, assertMatch } from './http/conditions.ts'
import { parseTarget } from './http/parse-path.ts'
import { readBody } from './http/read-body.ts'
import { readQuery } from './http/read-query.ts'
import { errorAnswer, respond } from './http/respond.ts'
import type { Answer } from './http/route.ts'
import { routeAt, routeOf } from './http/router.ts'
import type { Router } from './http/router.ts'
import { LOGIN_PAGE } from './login-page.ts'
import { Slice } from './slice.ts'

export interface RequestHandlerOptions {
  readonly context: AdminContext
  readonly router: Router
  /** By which we may be called, beside IP literals and `localhost`; undefined = by any: no browser gets here. */
  readonly hosts: ReadonlySet<string> | undefined
  /** For a reader to take an answer. */
  readonly patienceMs: number
  /** Aborts when the admin closes. */
  readonly closing: AbortSignal
}

/**
 * Answers one request: first who asks and from where, then what. To take it in, to find its answer and to write that
 * takes as long as some requests of traffic each, which has its turn in between. Never rejects.
 */
export class RequestHandler {
  readonly #options: RequestHandlerOptions

  constructor(options: RequestHandlerOptions) {
    this.#options = options
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {
      // The connection broke; whoever reads the body learns it there.
    })
    response.on('error', () => {
      // It broke before the answer was out; `close` follows.
    })
    const slice = new Slice(this.#options.context.clock)
    await slice.rest()
    const answer = await this.#answer(request, response).catch((error: unknown) =>
      this.#failure(request, error),
    )
    // A stream has its place for this turn.
    if (!('stream' in answer)) await slice.rest()
    if (response.destroyed) return
    try {
      await respond(response, answer, {
        patienceMs: this.#options.patienceMs,
        context: this.#options.context,
      })
    } catch (error) {
      this.#tell(error)
      response.destroy()
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const { context, router, hosts, closing } = this.#options
    const { headers, method = '' } = request
    const target = parseTarget(request.url ?? '')
    const place = router.find(target.segments)
    const asked = routeAt(place, method)
    if (hosts !== undefined && asked?.anyHost === undefined) assertOneHost(request, hosts)
    if (method !== 'GET' && method !== 'HEAD') assertOwnOrigin(headers)
    else if (asked?.anyHost === undefined) assertOwnReader(headers)
    if (asked?.access !== 'open') context.credentials.assertKnown(headers, request.socket.remoteAddress ?? '')
    const route = routeOf(place, method)
    assertAcceptable(headers, route.type ?? 'application/json')
    const query = readQuery(target.query, route.query ?? {})
    const body = await readBody(request, route.body)
    if (route.matches === true) assertMatch(headers['if-match'], context.control.version)
    return await route.handle({
      control: context.control,
      context,
      path: place?.path ?? {},
      query,
      body,
      request,
      gone: () => goneSignal(response, closing),
    })
  }

  #failure(request: IncomingMessage, error: unknown): Answer {
    const answer = errorAnswer(error)
    if (answer === undefined) {
      this.#tell(error)
      const message = 'fairlead failed at this; its log says why'
      return { status: 500, json: { error: { code: 'FAIRLEAD_INTERNAL', message } } }
    }
    // A browser that opens the dashboard shows what it gets, also with a 401.
    if (answer.status !== 401 || request.url !== '/') return answer
    const { status, headers = {} } = answer
    return { status, headers, type: 'text/html; charset=utf-8', text: LOGIN_PAGE }
  }

  /** A fault of ours must be seen somewhere. */
  #tell(error: unknown): void {
    const message = `the admin listener failed at a request: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    this.#options.context.control.emit('fault:local', { code: 'ADMIN', message })
  }
}

function assertOneHost({ headers, headersDistinct }: IncomingMessage, hosts: ReadonlySet<string>): void {
  if ((headersDistinct['host']?.length ?? 0) > 1) {
    throw new ApiError(400, { code: 'BAD_REQUEST', message: 'there is more than one Host' })
  }
  assertOwnHost(headers.host, hosts)
}

function goneSignal(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const left = new AbortController()
  if (response.destroyed) left.abort()
  else response.on('close', () => left.abort())
  return AbortSignal.any([left.signal, closing])
}
