import type { HttpConfig, Stickiness } from '../../config/schema.ts'
import type { Clock } from '../../core/clock.ts'
import type { Events } from '../../core/events.ts'
import type { TimerWheel } from '../../core/timer-wheel.ts'
import type { RelayOptions } from '../../net/relay.ts'
import type { Session } from '../../net/session.ts'
import type { IdleConnections } from '../../pool/idle-connections.ts'
import { RequestHead } from '../../wire/request-head.ts'
import { ResponseHead } from '../../wire/response-head.ts'
import type { ConnectOptions } from '../connector.ts'
import type { Handler } from '../handler.ts'
import { affinityOf } from './affinity.ts'
import { loadErrorPages } from './error-pages.ts'
import type { HttpContext } from './http-context.ts'
import { HttpSession } from './http-session.ts'
import type { PoolAccess } from './pool-access.ts'
import { makeRequestIds } from './request-ids.ts'
import { RetryBudget } from './retry-budget.ts'
import { Router } from './router.ts'
import { trustOf } from './trust.ts'

/** One pool, as requests get at it. */
export interface HttpPool {
  readonly connect: ConnectOptions
  readonly idle: IdleConnections
  readonly stickiness: Stickiness
}

export interface ForwardHttpOptions {
  readonly config: HttpConfig
  readonly listener: string
  /** Where requests go if no route says otherwise. */
  readonly pool: string
  /** A pool by its name; asked for all that the routes name, at once. */
  readonly poolOf: (name: string) => HttpPool
  readonly relay: RelayOptions
  readonly clock: Clock
  readonly random: () => number
  readonly wheel: TimerWheel
  readonly events: Events
}

/**
 * Forwards the requests of a session one by one, each to the backend that is best at that moment.
 *
 * @throws {ConfigError} where the operator's error pages cannot be read
 */
export class ForwardHttp implements Handler {
  readonly #context: HttpContext
  readonly #sessions = new Set<HttpSession>()

  constructor(options: ForwardHttpOptions) {
    const { config, clock, wheel, random } = options
    this.#context = {
      config,
      listener: options.listener,
      pool: options.pool,
      port: 0,
      isSecure: false,
      router: new Router(config.routes, { pool: options.pool, access: accessTo(options) }),
      clock,
      wheel,
      events: options.events,
      relay: options.relay,
      isTrusted: trustOf(config.trustedProxies),
      makeRequestId: makeRequestIds(random),
      pages: loadErrorPages(config.errorPages),
      requestHead: new RequestHead(),
      responseHead: new ResponseHead(),
      isDraining: false,
      onSessionEnd: (session) => this.#sessions.delete(session),
    }
  }

  /**
   * Makes ready to go by another configuration, and gives what does it, for all requests from then on; also for those on
   * connections that are open.
   *
   * @throws {ConfigError} where the operator's error pages cannot be read
   */
  prepare(
    options: Pick<ForwardHttpOptions, 'config' | 'listener' | 'pool' | 'poolOf' | 'relay'>,
  ): () => void {
    const { config, listener, pool, relay } = options
    const next = {
      config,
      listener,
      pool,
      relay,
      router: new Router(config.routes, {
        pool,
        access: accessTo({ ...options, wheel: this.#context.wheel }),
      }),
      isTrusted: trustOf(config.trustedProxies),
      pages: loadErrorPages(config.errorPages),
    }
    return () => void Object.assign(this.#context, next)
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

/** Routes to the same pool share one budget and one affinity. */
function accessTo({
  poolOf,
  wheel,
}: Pick<ForwardHttpOptions, 'poolOf' | 'wheel'>): (name: string) => PoolAccess {
  const made = new Map<string, PoolAccess>()
  return (name) => {
    const known = made.get(name)
    if (known !== undefined) return known
    const { connect, idle, stickiness } = poolOf(name)
    const affinity = affinityOf(stickiness, connect.pool)
    const access: PoolAccess = { connect, idle, budget: new RetryBudget({ wheel }), affinity }
    made.set(name, access)
    return access
  }
}
