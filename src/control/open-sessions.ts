import type { SessionSnapshot } from '../core/snapshot.ts'
import type { Session } from '../net/session.ts'
import type { SessionFilter } from './port.ts'

const MOST_LISTED = 1_000

/** The open sessions that `filter` means, the oldest first. */
export function listSessions(
  sessions: Iterable<Session>,
  { filter, now }: { readonly filter: SessionFilter; readonly now: number },
): readonly SessionSnapshot[] {
  const most = filter.most ?? MOST_LISTED
  const listed: SessionSnapshot[] = []
  for (const session of sessions) {
    if (listed.length >= most) break
    if (isMeant(session, filter)) listed.push(sessionSnapshot(session, now))
  }
  return listed
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
