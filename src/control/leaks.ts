import { formatAddress } from '../core/address.ts'
import type { Backend } from '../core/backend.ts'
import { LeakError } from '../core/errors.ts'
import type { Leak } from '../core/errors.ts'
import type { WheelEntry } from '../core/timer-wheel.ts'
import type { Session } from '../net/session.ts'
import type { Listener } from './listener.ts'
import type { ManagedPool } from './managed-pool.ts'

/** An end that is on its way has so long to arrive, in real time. */
const GRACE_MS = 500
const LOOK_MS = 2

/**
 * Closes a balancer that nothing should be open on any more.
 *
 * @throws {LeakError} with all that was: what clients still had before the close, and what is there after it.
 */
export async function closeAssertingNoLeaks(balancer: {
  readonly busy: () => Leak[]
  readonly left: () => Leak[]
  readonly describe: () => string
  readonly close: () => Promise<void>
}): Promise<void> {
  const busy = await settled(balancer.busy)
  const report = busy.length === 0 ? undefined : balancer.describe()
  await balancer.close()
  const leaks = [...busy, ...(await settled(balancer.left))]
  if (leaks.length > 0) throw new LeakError(leaks, report ?? balancer.describe())
}

async function settled(look: () => Leak[]): Promise<Leak[]> {
  const deadline = performance.now() + GRACE_MS
  for (;;) {
    const leaks = look()
    if (leaks.length === 0 || performance.now() >= deadline) return leaks
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

export interface LeakParts {
  readonly listeners: readonly Listener[]
  readonly pools: readonly Pick<ManagedPool, 'idle' | 'pool'>[]
  /** Clock time. */
  readonly now: number
}

/**
 * What clients keep busy: TCP sessions, HTTP requests under way, leases, places in queues. Connections that HTTP keeps
 * open between two requests are not among them.
 */
export function busyThings(parts: LeakParts): Leak[] {
  const sessions = parts.listeners.flatMap((listener) =>
    [...listener.sessions]
      .filter(({ holder }) => listener.config.http === undefined || holder?.backend !== undefined)
      .map((session): Leak => ({ kind: 'session', text: sessionText(session, listener, parts.now) })),
  )
  return [...sessions, ...unheldLeases(parts), ...queued(parts.pools)]
}

/** What is there after everything was closed: nothing, or we have forgotten it. */
export function leftThings(
  parts: LeakParts & { readonly deadlines: readonly WheelEntry[]; readonly timers: readonly string[] },
): Leak[] {
  const connections = parts.pools.flatMap(({ idle, pool }) =>
    [...idle.counts()].map(([{ id, address }, count]): Leak => ({
      kind: 'connection',
      text: `${count} idle to ${pool.name}/${id} (${formatAddress(address)})`,
    })),
  )
  const deadlines = [...countsOf(parts.deadlines.map((entry) => entry.constructor.name))].map(
    ([name, count]): Leak => ({ kind: 'timer', text: `${count} deadlines of ${name}` }),
  )
  const timers = parts.timers.map((text): Leak => ({ kind: 'timer', text }))
  const sessions = parts.listeners.flatMap((listener) =>
    [...listener.sessions].map((session): Leak => ({
      kind: 'session',
      text: sessionText(session, listener, parts.now),
    })),
  )
  return [
    ...sessions,
    ...unheldLeases(parts),
    ...queued(parts.pools),
    ...connections,
    ...deadlines,
    ...timers,
  ]
}

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function sessionText(session: Session, listener: Listener, now: number): string {
  const { holder } = session
  const backend =
    holder?.backend === undefined
      ? 'with no backend yet'
      : `at ${holder.backend.id} (${formatAddress(holder.backend.address)})`
  const age = Math.round(now - session.startedAt)
  const bytes = `${holder?.bytesIn ?? 0} bytes in, ${holder?.bytesOut ?? 0} out`
  return `${session.id} of listener ${listener.config.name}, from ${session.client}, ${backend}, ${bytes}, open for ${age} ms`
}

/** A lease that a session holds is told with the session. */
function unheldLeases({ listeners, pools }: LeakParts): Leak[] {
  const held = new Map<Backend, number>()
  for (const { sessions } of listeners) {
    for (const { holder } of sessions) {
      if (holder?.backend !== undefined) held.set(holder.backend, (held.get(holder.backend) ?? 0) + 1)
    }
  }
  return pools.flatMap(({ pool }) =>
    [...pool.backends.values()].flatMap((backend): Leak[] => {
      const count = backend.active - (held.get(backend) ?? 0)
      return count <= 0
        ? []
        : [{ kind: 'lease', text: `${count} of ${pool.name}/${backend.id}, held by no session` }]
    }),
  )
}

function queued(pools: LeakParts['pools']): Leak[] {
  return pools
    .filter(({ pool }) => pool.queued > 0)
    .map(({ pool }) => ({ kind: 'queue', text: `${pool.queued} wait for a backend of pool ${pool.name}` }))
}
