import type { EndCode } from '../../core/events.ts'
import type { ErrorAnswer } from './error-response.ts'
import type { HttpExchange } from './http-exchange.ts'
import type { HttpSession } from './http-session.ts'

/**
 * `idle`: between requests; `head`: amid a request's head; `body`: amid its body; `wait`: the request is read, its
 * response is not sent; `tunnel`: upgraded; `farewell`: the last response is written, and on its way.
 */
export type Phase = 'idle' | 'head' | 'body' | 'wait' | 'tunnel' | 'farewell' | 'closed'

/** A request that is on its way when the balancer begins to drain has this long to arrive. */
const DRAIN_MS = 200

/** Where something has no limit, it is looked at this often whether it has one by now. */
export const RECHECK_MS = 60_000

export const HEAD_LATE: ErrorAnswer = { status: 408, reason: 'The request took too long to arrive' }
export const BODY_LATE: ErrorAnswer = { status: 408, reason: 'The request body took too long to arrive' }

/** How long a phase may last without a sign of life; 0 = no limit, for now. */
export function timeLimit(
  phase: Phase,
  { session, exchange }: { session: HttpSession; exchange: HttpExchange | undefined },
): number {
  const { config, relay, isDraining } = session.context
  if (phase === 'idle') {
    if (isDraining) return DRAIN_MS
    // The first request is awaited as long as a head may take: this connection has shown nothing yet.
    return session.requests === 0 ? config.requestHeadTimeoutMs : config.keepAliveTimeoutMs
  }
  if (phase === 'head') return config.requestHeadTimeoutMs
  if (exchange?.isResponding === true) return relay.idleTimeoutMs
  // A backend is being sought: the queue and each connect have their own limits.
  if (exchange?.isSeeking === true) return 0
  // It is the backend's turn: to answer, to call for the body, or to take what has come of it.
  const isTheirTurn =
    phase !== 'body' || exchange?.owesContinue === true || exchange?.request.isBlocked === true
  return isTheirTurn ? config.responseHeadTimeoutMs : config.requestBodyTimeoutMs
}

/** More of the request is awaited. */
export function isReading(phase: Phase): boolean {
  return phase === 'idle' || phase === 'head' || phase === 'body'
}

/** When a client left, by the second letter of the code. */
export function clientLeft(phase: Phase, exchange: HttpExchange | undefined): EndCode {
  if (phase === 'idle' || phase === 'head') return 'CR'
  if (exchange === undefined || exchange.isResponding) return 'CD'
  if (exchange.isSeeking) return exchange.isQueued ? 'CQ' : 'CC'
  return phase === 'wait' ? 'CH' : 'CD'
}
