import type { KeptConnection } from '../../pool/kept-connection.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import { MOST_KEPT_BYTES } from './request-body.ts'

/** A request that may not be replayed takes no kept connection that was idle for this long. */
const FRESH_MS = 1_000

/**
 * Whether a request may be sent again when its connection ended before a byte of an answer. One whose body will not
 * fit into what is kept is told apart at once, and none of it is kept in vain.
 */
export function mayReplay({ method, contentLength }: RequestHead): boolean {
  return contentLength <= MOST_KEPT_BYTES && isIdempotent(method)
}

/** How long a kept connection may have been idle for a request that can be replayed. */
export function anyAge(kept: KeptConnection): number {
  return kept.keepIdleMs
}

/** The same for what may be sent only once: the backend must not be closing it at this very moment. */
export function freshAge(kept: KeptConnection): number {
  return Math.min(FRESH_MS, kept.halfAgeMs, kept.keepIdleMs)
}

/** RFC 9110, section 9.2.2: sent twice, these do what they do once. */
function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'PUT':
    case 'DELETE':
      return true
    default:
      return false
  }
}
