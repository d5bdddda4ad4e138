import type { RequestHead } from '../../wire/request-head.ts'
import { requestLineSoFar } from '../../wire/request-line-so-far.ts'
import type { ErrorAnswer, ErrorPage } from './error-response.ts'
import { errorResponse } from './error-response.ts'
import { fieldOf } from './field-of.ts'
import type { HttpExchange } from './http-exchange.ts'
import { withoutQuery } from './request-facts.ts'
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

/** What is known of a request that is refused; empty is what is not. */
export interface Refused {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly version: string
  readonly accept: string
}

/** `head`: as far as it could be read, or the first bytes of one that did not come to its end, if any did. */
export function refusedRequest(requestId: string, head: RequestHead | Buffer | undefined): Refused {
  if (head === undefined || Buffer.isBuffer(head)) {
    const { method, target, version } = requestLineSoFar(head ?? NOTHING)
    return { requestId, method, path: withoutQuery(target), version, accept: '' }
  }
  const { method, target, version, text } = head
  // A line that is malformed may be anything.
  if (target === '') return { requestId, method: '', path: '', version: '', accept: fieldOf(text, 'accept') }
  const versions: Readonly<Record<number, string>> = { 10: '1.0', 11: '1.1' }
  return {
    requestId,
    method,
    path: withoutQuery(target),
    version: versions[version] ?? '',
    accept: fieldOf(text, 'accept'),
  }
}

/** Our answer to what never became a request. */
export function refusalText(
  answer: ErrorAnswer,
  { requestId, method, accept }: Refused,
  pages: ReadonlyMap<number, ErrorPage>,
): string {
  return errorResponse(answer, {
    accept,
    requestId,
    isHead: method === 'HEAD',
    keepAlive: false,
    version: 11,
    pages,
    lines: '',
  })
}

/** Characters of an answer of ours behind its head. */
export function bodyLength(text: string): number {
  return text.length - text.indexOf('\r\n\r\n') - '\r\n\r\n'.length
}

const NOTHING = Buffer.alloc(0)
