import type { HttpConfig } from '../../config/schema.ts'
import type { Clock } from '../../core/clock.ts'
import type { Events } from '../../core/events.ts'
import type { TimerWheel } from '../../core/timer-wheel.ts'
import type { RelayOptions } from '../../net/relay.ts'
import type { IdleConnections } from '../../pool/idle-connections.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import type { ResponseHead } from '../../wire/response-head.ts'
import type { ConnectOptions } from '../connector.ts'
import type { ErrorPage } from './error-response.ts'
import type { HttpSession } from './http-session.ts'
import type { RetryBudget } from './retry-budget.ts'

/** Where requests go: a pool, with its kept-alive connections and its budget for replays. */
export interface PoolAccess {
  readonly connect: ConnectOptions
  readonly idle: IdleConnections
  readonly budget: RetryBudget
}

/** What all sessions of one HTTP listener share. */
export interface HttpContext {
  readonly config: HttpConfig
  readonly listener: string
  /** The port that clients see; 0 on a unix socket. */
  port: number
  readonly access: PoolAccess
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly events: Events
  /** For upgraded connections. */
  readonly relay: RelayOptions
  /** Whether a client's address is that of a proxy of ours, whose X-Forwarded-* count. */
  readonly isTrusted: (address: string) => boolean
  readonly makeRequestId: () => string
  readonly pages: ReadonlyMap<number, ErrorPage>
  /**
   * Heads are read and used up in one go, so one object of each kind serves all connections, and an idle connection
   * holds none.
   */
  readonly requestHead: RequestHead
  readonly responseHead: ResponseHead
  /** No more requests on connections that are open: the balancer drains. */
  isDraining: boolean
  readonly onSessionEnd: (session: HttpSession) => void
}
