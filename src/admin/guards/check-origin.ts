import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from '../api-error.ts'

/**
 * Refuses what a browser sends for a page of somebody else's, whether or not a token is set. A page at another port
 * of the same host is somebody else's too. Whoever is no browser sends neither field.
 *
 * @throws {ApiError} 403
 */
export function assertOwnOrigin(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site']
  if (isOwnOrigin(headers) && (site === undefined || site === 'same-origin' || site === 'none')) return
  throw new ApiError(403, {
    code: 'FOREIGN_ORIGIN',
    message: 'pages of other origins have no access here',
  })
}

/**
 * The same for a request that changes nothing: a foreign page could not read the answer, but has us make it, again
 * and again, and could hold every event stream there is. A link to the dashboard is good wherever it stands.
 *
 * @throws {ApiError} 403
 */
export function assertOwnReader(headers: IncomingHttpHeaders): void {
  if (headers['sec-fetch-mode'] !== 'navigate') assertOwnOrigin(headers)
}

function isOwnOrigin({ origin, host = '' }: IncomingHttpHeaders): boolean {
  if (origin === undefined) return true
  const own = host.toLowerCase()
  return origin === `http://${own}` || origin === `https://${own}`
}
