import { buildRequestHead } from '../../wire/forwarded-head.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import type { HttpSession } from './http-session.ts'
import type { Route } from './router.ts'
import { strippedTarget } from './router.ts'

/** The head that goes to the backend in place of the client's. */
export function headToSend(
  head: RequestHead,
  to: { session: HttpSession; route: Route; requestId: string; upgrade: string | undefined },
): string {
  const { session, route } = to
  const { context } = session
  const { config } = context
  return buildRequestHead(head, {
    clientAddress: session.facts.clientAddress,
    proto: context.isSecure ? 'https' : 'http',
    port: context.port,
    trusted: session.facts.isTrusted,
    requestId: to.requestId,
    forwarded: config.forwarded,
    via: config.via,
    upgrade: to.upgrade,
    target: strippedTarget(head.target, route),
    fallbackHost: route.access.connect.pool.name,
    changes: route.request,
  })
}
