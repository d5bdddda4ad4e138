import type { HttpConfig } from '../../config/schema.ts'
import type { Events } from '../../core/events.ts'
import type { TimerWheel } from '../../core/timer-wheel.ts'
import type { RelayOptions } from '../../net/relay.ts'
import type { Session } from '../../net/session.ts'
import type { IdleConnections } from '../../pool/idle-connections.ts'
import { RequestHead } from '../../wire/request-head.ts'
import { ResponseHead } from '../../wire/response-head.ts'
import type { ConnectOptions } from '../connector.ts'
import type { Handler } from '../handler.ts'
import type { ErrorPage } from './error-response.ts'
import type { HttpContext } from './http-context.ts'
import { HttpSession } from './http-session.ts'
import { makeRequestIds } from './request-ids.ts'
import { RetryBudget } from './retry-budget.ts'
import { trustOf } from './trust.ts'

export interface ForwardHttpOptions {
  readonly config: HttpConfig
  readonly listener: string
  readonly connect: ConnectOptions
  readonly idle: IdleConnections
  readonly relay: RelayOptions
  readonly wheel: TimerWheel
  readonly events: Events
  readonly pages: ReadonlyMap<number, ErrorPage>
}

/** Forwards the requests of a session one by one, each to the backend that is best at that moment. */
export class ForwardHttp implements Handler {
  readonly #context: HttpContext
  readonly #sessions = new Set<HttpSession>()

  constructor(options: ForwardHttpOptions) {
    const { config, connect, idle, wheel } = options
    this.#context = {
      config,
      listener: options.listener,
      port: 0,
      access: { connect, idle, budget: new RetryBudget({ wheel }) },
      clock: connect.clock,
      wheel,
      events: options.events,
      relay: options.relay,
      isTrusted: trustOf(config.trustedProxies),
      makeRequestId: makeRequestIds(connect.random),
      pages: options.pages,
      requestHead: new RequestHead(),
      responseHead: new ResponseHead(),
      isDraining: false,
      onSessionEnd: (session) => this.#sessions.delete(session),
    }
  }

  handle(session: Session): void {
    const http = new HttpSession(session, this.#context)
    this.#sessions.add(http)
    http.begin()
  }

  listening(port: number): void {
    this.#context.port = port
  }

  /** Idle connections go now, busy ones after their response. */
  drain(): void {
    this.#context.isDraining = true
    for (const session of this.#sessions) session.drain()
  }
}
