import type { RequestEnd } from '../core/events.ts'
import { escapeText } from './escape-text.ts'
import { faultsOf, roundMs } from './session-fields.ts'

/** Paths may well be longer than other texts, and are what one searches for. */
export const MOST_PATH_CHARACTERS = 1_000

/** The facts of one HTTP request as its JSON line holds them; durations are milliseconds. */
export interface RequestFields {
  readonly event: 'request:end'
  readonly session: number
  readonly listener: string
  readonly client: string
  readonly pool: string
  /** null when no backend answered it. */
  readonly backend: string | null
  readonly tried: RequestEnd['tried']
  readonly code: string
  readonly reason: string
  /** Empty, as the path and the id, where the request could not be read. */
  readonly method: string
  readonly path: string
  /** 0 where no answer went out. */
  readonly status: number
  readonly requestId: string
  readonly bytesIn: number
  readonly bytesOut: number
  readonly queue: number
  readonly connect: number
  readonly firstByte: number
  readonly total: number
  /** Absent where no fault on purpose touched it. */
  readonly faults?: readonly string[]
}

/** One line a request, once it is answered. */
export function requestFields(end: RequestEnd): RequestFields {
  return {
    event: 'request:end',
    session: end.session,
    listener: end.listener,
    client: escapeText(end.client),
    pool: end.pool,
    backend: end.backend ?? null,
    tried: end.tried,
    code: end.code,
    reason: escapeText(end.reason),
    method: escapeText(end.method),
    path: escapeText(end.path, MOST_PATH_CHARACTERS),
    status: end.status,
    requestId: escapeText(end.requestId),
    bytesIn: end.bytesIn,
    bytesOut: end.bytesOut,
    queue: roundMs(end.queueMs),
    connect: roundMs(end.connectMs),
    firstByte: roundMs(end.firstByteMs),
    total: roundMs(end.totalMs),
    ...faultsOf(end),
  }
}
