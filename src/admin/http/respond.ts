import type { ServerResponse } from 'node:http'
import { ClosedError, ConfigError, UnknownBackendError } from '../../core/errors.ts'
import { ApiError, notFound } from '../api-error.ts'
import { jsonPieces } from './pieces.ts'
import type { Writer } from './pieces.ts'
import type { Answer, JsonAnswer, TextAnswer } from './route.ts'

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

/** Sends an answer. A reader that takes nothing for `patienceMs` is cut off. */
export async function respond(
  response: ServerResponse,
  answer: Answer,
  { patienceMs, writer }: { readonly patienceMs: number; readonly writer: Writer },
): Promise<void> {
  const status = answer.status ?? 200
  const type = 'json' in answer ? JSON_TYPE : answer.type
  const head = { ...SECURITY_HEADERS, 'Cache-Control': 'no-store', 'Content-Type': type, ...answer.headers }
  if ('stream' in answer) {
    response.writeHead(status, head)
    if (response.req.method === 'HEAD') response.end()
    else answer.stream(response, patienceMs)
    return
  }
  const body = await bodyOf(answer, writer)
  if (response.destroyed) return
  response.writeHead(status, { ...head, ...(status === 304 ? {} : { 'Content-Length': body.length }) })
  response.setTimeout(patienceMs)
  response.end(status === 304 ? undefined : body)
}

async function bodyOf(answer: JsonAnswer | TextAnswer, writer: Writer): Promise<Buffer> {
  if ('json' in answer) {
    const { json } = answer
    if (typeof json !== 'function') return Buffer.from(`${JSON.stringify(json)}\n`)
    return await writer.write(() => jsonPieces((json as () => unknown)()))
  }
  return Buffer.from(answer.text)
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
