import type { HttpConfig } from '../../config/schema.ts'
import type { Clock } from '../../core/clock.ts'
import type { Events } from '../../core/events.ts'
import type { TimerWheel } from '../../core/timer-wheel.ts'
import type { RelayOptions } from '../../net/relay.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import type { ResponseHead } from '../../wire/response-head.ts'
import type { ErrorPage } from './error-response.ts'
import type { HttpSession } from './http-session.ts'
import type { Router } from './router.ts'

/** What all sessions of one HTTP listener share. Its rules change in place when the listener is configured anew. */
export interface HttpContext {
  readonly config: HttpConfig
  readonly listener: string
  /** The listener's pool. */
  readonly pool: string
  /** The port that clients see; 0 on a unix socket. */
  port: number
  /** Clients come over TLS. */
  readonly isSecure: boolean
  readonly router: Router
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
