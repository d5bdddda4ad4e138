import type { ServerResponse } from 'node:http'
import { ClosedError, ConfigError, UnknownBackendError } from '../../core/errors.ts'
import { ApiError, notFound } from '../api-error.ts'
import { pagedAnswer } from './paged-answer.ts'
import type { AdminContext } from '../context.ts'
import type { Answer, JsonAnswer, LongAnswer, StreamAnswer, TextAnswer } from './route.ts'

/** On every answer. Scripts and styles come from us alone, and no page may frame ours. */
const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
const JSON_TYPE = 'application/json'
const LINE_END = Buffer.from('\n')

export interface Means {
  /** How long a reader may take nothing before it is cut off. */
  readonly patienceMs: number
  readonly context: Pick<AdminContext, 'writer' | 'clock'>
}

/** Sends an answer. */
export async function respond(response: ServerResponse, answer: Answer, means: Means): Promise<void> {
  const status = answer.status ?? 200
  const type = 'type' in answer ? answer.type : JSON_TYPE
  const head = { ...SECURITY_HEADERS, 'Cache-Control': 'no-store', 'Content-Type': type, ...answer.headers }
  if (response.destroyed) return
  if ('stream' in answer) {
    response.writeHead(status, head)
    if (response.req.method === 'HEAD') response.end()
    else answer.stream(response, means.patienceMs)
    return
  }
  if ('pieces' in answer) return await respond(response, await made(answer, means.context), means)
  const body = bodyOf(answer)
  response.writeHead(status, { ...head, ...(status === 304 ? {} : { 'Content-Length': body.length }) })
  response.setTimeout(means.patienceMs)
  response.end(status === 304 ? undefined : body)
}

async function made(answer: LongAnswer, { writer, clock }: Means['context']): Promise<StreamAnswer> {
  const { pieces } = await writer.write(() => answer.pieces())
  const { status, headers } = answer
  return pagedAnswer([...pieces, LINE_END], {
    ...(status === undefined ? {} : { status }),
    ...(headers === undefined ? {} : { headers }),
    type: JSON_TYPE,
    clock,
  })
}

function bodyOf(answer: JsonAnswer | TextAnswer): Buffer {
  return Buffer.from('json' in answer ? `${JSON.stringify(answer.json)}\n` : answer.text)
}

/** What went wrong, as JSON; undefined where it is a fault of ours that has no words for callers. */
export function errorAnswer(error: unknown): JsonAnswer | undefined {
  const told = apiErrorOf(error)
  if (told === undefined) return undefined
  const { code, message, details, status, headers } = told
  return { status, headers, json: { error: { code, message, ...(details.length > 0 ? { details } : {}) } } }
}

function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (error instanceof UnknownBackendError) return notFound(error.message)
  if (error instanceof ClosedError) return new ApiError(503, { code: 'CLOSED', message: error.message })
  if (!(error instanceof ConfigError)) return undefined
  return new ApiError(400, { code: 'CONFIG', message: error.message, details: error.problems })
}
