import { buildRequestHead } from '../../wire/forwarded-head.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import type { HttpSession } from './http-session.ts'
import type { Route } from './router.ts'
import { strippedTarget } from './router.ts'

/** The head that goes to the backend in place of the client's. */
export function headToSend(
  head: RequestHead,
  { session, route, ...more }: { session: HttpSession; route: Route } & Sent,
): string {
  const { context } = session
  const { config } = context
  return buildRequestHead(head, {
    clientAddress: session.facts.clientAddress,
    proto: context.isSecure ? 'https' : 'http',
    port: context.port,
    trusted: session.facts.isTrusted,
    requestId: more.requestId,
    forwarded: config.forwarded,
    via: config.via,
    upgrade: more.upgrade,
    target: strippedTarget(head.target, route),
    fallbackHost: route.access.connect.pool.name,
    changes: route.request,
  })
}

interface Sent {
  readonly requestId: string
  readonly upgrade: string | undefined
}
