import type { SessionEnd } from '../core/events.ts'
import { escapeText } from './escape-text.ts'

/** The facts of one session as its JSON line holds them; durations are milliseconds. */
export interface SessionFields {
  readonly event: 'session:close'
  readonly session: number
  readonly listener: string
  readonly client: string
  readonly pool: string
  /** null when no backend served it. */
  readonly backend: string | null
  readonly tried: SessionEnd['tried']
  readonly code: string
  readonly reason: string
  readonly bytesIn: number
  readonly bytesOut: number
  readonly queue: number
  readonly connect: number
  readonly total: number
  readonly active: { readonly listener: number; readonly backend: number }
  /** Absent where no fault on purpose touched it. */
  readonly faults?: readonly string[]
}

/** One line a session, at its end. */
export function sessionFields(end: SessionEnd): SessionFields {
  return {
    event: 'session:close',
    session: end.id,
    listener: end.listener,
    client: escapeText(end.client),
    pool: end.pool,
    backend: end.backend ?? null,
    tried: end.tried,
    code: end.code,
    reason: escapeText(end.reason),
    bytesIn: end.bytesIn,
    bytesOut: end.bytesOut,
    queue: roundMs(end.queueMs),
    connect: roundMs(end.connectMs),
    total: roundMs(end.totalMs),
    active: { listener: end.listenerActive, backend: end.backendActive },
    ...faultsOf(end),
  }
}

/** Shown only where there are any: outside tests there never are. */
export function faultsOf({ faults }: Pick<SessionEnd, 'faults'>): { faults?: readonly string[] } {
  return faults.length === 0 ? {} : { faults }
}

/** Microseconds are the last digits that mean anything. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
