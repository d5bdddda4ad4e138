import type { RequestHead } from '../../wire/request-head.ts'
import type { ErrorAnswer, ErrorPage } from './error-response.ts'
import { errorResponse } from './error-response.ts'
import { fieldOf } from './field-of.ts'
import type { HttpExchange } from './http-exchange.ts'
import { explainLines } from './response-lines.ts'

export const NO_ROUTE: ErrorAnswer = { status: 404, reason: 'Nothing is found here' }
export const NO_ANSWER: ErrorAnswer = {
  status: 502,
  reason: 'The backend closed the connection without an answer',
}
export const NO_ANSWER_IN_TIME: ErrorAnswer = {
  status: 504,
  reason: 'The backend did not answer in time',
}

/** Our answer to a request that no backend answered. */
export function answerText(exchange: HttpExchange, answer: ErrorAnswer): string {
  const { session, context, finder } = exchange
  return errorResponse(answer, {
    accept: exchange.field('accept'),
    requestId: exchange.requestId,
    isHead: exchange.method === 'HEAD',
    keepAlive: !session.isLast && !context.isDraining,
    version: exchange.version,
    pages: context.pages,
    lines: context.config.explain ? explainLines(undefined, finder?.tried ?? []) : '',
  })
}

/** Our answer to what never became a request, with what could be read of it, if anything could. */
export function refusalText(
  answer: ErrorAnswer,
  { head, pages }: { head: RequestHead | undefined; pages: ReadonlyMap<number, ErrorPage> },
): string {
  return errorResponse(answer, {
    accept: fieldOf(head?.text ?? '', 'accept'),
    requestId: '',
    isHead: head?.method === 'HEAD',
    keepAlive: false,
    version: 11,
    pages,
    lines: '',
  })
}
