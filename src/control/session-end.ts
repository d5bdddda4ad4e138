import type { SessionEnd } from '../core/events.ts'
import type { Session, SessionOutcome } from '../net/session.ts'

/** Everything that is known of a session once it is over. */
export function sessionEnd(
  session: Session,
  outcome: SessionOutcome,
  at: { listener: { readonly active: number; readonly config: { readonly name: string } }; now: number },
): SessionEnd {
  const { holder } = session
  return {
    id: session.id,
    listener: at.listener.config.name,
    client: session.client,
    pool: holder?.pool ?? '',
    backend: holder?.backend?.id,
    tried: holder?.tried ?? [],
    code: outcome.code,
    reason: outcome.reason,
    bytesIn: holder?.bytesIn ?? 0,
    bytesOut: holder?.bytesOut ?? 0,
    queueMs: holder?.queueMs ?? 0,
    connectMs: holder?.connectMs ?? 0,
    totalMs: at.now - session.startedAt,
    listenerActive: at.listener.active,
    backendActive: holder?.backend?.active ?? 0,
    faults: session.faults,
  }
}
