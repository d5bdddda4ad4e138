import type { RequestEnd } from '../../core/events.ts'
import type { SessionOutcome } from '../../net/session.ts'
import type { ErrorAnswer } from './error-response.ts'
import type { HttpExchange } from './http-exchange.ts'
import type { HttpSession } from './http-session.ts'
import type { Refused } from './own-answer.ts'
import { bodyLength } from './own-answer.ts'

/** Tells those who listen that a request is over. */
export function reportRequest(exchange: HttpExchange, { code, reason }: SessionOutcome): void {
  const { session, context, request, response, finder } = exchange
  session.session.owner.onRequestEnd?.(code, exchange.status)
  if (!context.events.wants('request:end')) return
  const end: RequestEnd = {
    ...NOTHING_KNOWN,
    ...placeOf(session),
    pool: exchange.pool,
    backend: exchange.backend?.id,
    tried: finder?.tried ?? [],
    code,
    reason,
    method: exchange.method,
    path: exchange.path,
    status: exchange.status,
    requestId: exchange.requestId,
    version: exchange.version === 10 ? '1.0' : '1.1',
    get referer() {
      return exchange.field('referer')
    },
    get userAgent() {
      return exchange.field('user-agent')
    },
    bytesIn: request.bytesIn,
    bytesOut: response.bytesOut + exchange.answerBytes,
    bodyBytesOut: response.bytesOut - response.headBytesOut + exchange.answerBodyBytes,
    queueMs: finder?.queueMs ?? 0,
    connectMs: finder?.connectMs ?? 0,
    firstByteMs: exchange.firstByteMs,
    totalMs: context.clock.now() - exchange.startedAt,
    faults: session.session.requestFaults,
  }
  session.session.requestFaults = NOTHING_KNOWN.faults
  context.events.emit('request:end', end)
}

/** The same for one that was refused, with what could be read of it. */
export function reportRefusal(
  session: HttpSession,
  { status, reason }: ErrorAnswer,
  { text, ...known }: Refused & { text: string },
): void {
  const { events } = session.context
  const code = status === 408 ? 'cR' : 'PR'
  session.session.owner.onRequestEnd?.(code, status)
  if (!events.wants('request:end')) return
  events.emit('request:end', {
    ...NOTHING_KNOWN,
    ...placeOf(session),
    pool: session.facts.pool,
    code,
    reason,
    status,
    method: known.method,
    path: known.path,
    version: known.version,
    requestId: known.requestId,
    bytesOut: text.length,
    bodyBytesOut: bodyLength(text),
  })
}

function placeOf(session: HttpSession): Pick<RequestEnd, 'session' | 'listener' | 'client'> {
  return {
    session: session.session.id,
    listener: session.context.listener,
    client: session.session.client,
  }
}

const NOTHING_KNOWN = {
  backend: undefined,
  tried: [],
  method: '',
  path: '',
  requestId: '',
  version: '',
  referer: '',
  userAgent: '',
  bytesIn: 0,
  bytesOut: 0,
  bodyBytesOut: 0,
  queueMs: 0,
  connectMs: 0,
  firstByteMs: 0,
  totalMs: 0,
  faults: [] as readonly string[],
}
