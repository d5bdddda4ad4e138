import type { Clock } from '../core/clock.ts'
import type { SessionSnapshot } from '../core/snapshot.ts'
import type { Session } from '../net/session.ts'
import type { SessionFilter } from './port.ts'

const MOST_LISTED = 1_000

/** The open sessions that `filter` means, the oldest first, each as it is when it is asked for. */
export function* listSessions(
  sessions: Iterable<Session>,
  { filter, clock }: { readonly filter: SessionFilter; readonly clock: Clock },
): Generator<SessionSnapshot, void> {
  let left = filter.most ?? MOST_LISTED
  if (left === 0) return
  for (const session of sessions) {
    if (!isMeant(session, filter)) continue
    yield sessionSnapshot(session, clock.now())
    if (--left === 0) return
  }
}

/** Whether `filter` means this one. What it leaves out matches any. */
export function isMeant(session: Session, filter: SessionFilter): boolean {
  const { holder } = session
  return (
    (filter.listener === undefined || session.owner.name === filter.listener) &&
    (filter.pool === undefined || holder?.pool === filter.pool) &&
    (filter.backend === undefined || holder?.backend?.id === filter.backend) &&
    (filter.client === undefined || session.address === filter.client)
  )
}

function sessionSnapshot(session: Session, now: number): SessionSnapshot {
  const { holder } = session
  return {
    id: session.id,
    listener: session.owner.name,
    client: session.client,
    pool: holder?.pool ?? '',
    backend: holder?.backend?.id,
    tried: holder?.tried ?? [],
    bytesIn: holder?.bytesIn ?? 0,
    bytesOut: holder?.bytesOut ?? 0,
    queueMs: holder?.queueMs ?? 0,
    connectMs: holder?.connectMs ?? 0,
    ageMs: now - session.startedAt,
  }
}
