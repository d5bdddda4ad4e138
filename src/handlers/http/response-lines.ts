import type { Backend } from '../../core/backend.ts'
import type { FailedAttempt } from '../../core/events.ts'
import type { HttpExchange } from './http-exchange.ts'

/** The field lines that we add to a response of `backend`. */
export function responseLines({ context, route, finder, home }: HttpExchange, backend: Backend): string {
  const lines = context.config.explain ? explainLines(backend, finder?.tried ?? []) : ''
  const affinity = route?.access.affinity
  // A client that is elsewhere only for want of room goes home again.
  if (affinity === undefined || backend === home || finder?.isAwayFromHome === true) return lines
  return lines + affinity.mark(backend, { secure: context.isSecure })
}

/** Who answered, and who was tried before and why in vain, for the client to see. */
export function explainLines(backend: Backend | undefined, tried: readonly FailedAttempt[]): string {
  const attempts = tried.map(({ backend: id, reason }) => `${id} (${reason})`)
  const served = backend === undefined ? '' : `X-Fairlead-Backend: ${backend.id}\r\n`
  return attempts.length === 0 ? served : `${served}X-Fairlead-Tried: ${attempts.join(', ')}\r\n`
}
