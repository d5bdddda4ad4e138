import { formatAddress } from '../core/address.ts'
import type { Backend } from '../core/backend.ts'
import type { LatencyHistogram } from '../core/latency-histogram.ts'
import type { ReloadCounters } from '../core/reload-counters.ts'
import type { RequestCounters } from '../core/request-counters.ts'
import type { RequestEnds } from '../core/request-ends.ts'
import type {
  BackendSnapshot,
  LatencySnapshot,
  ListenerRequestsSnapshot,
  ListenerSnapshot,
  Mode,
  PoolSnapshot,
  ReloadsSnapshot,
  RequestsSnapshot,
  Snapshot,
} from '../core/snapshot.ts'
import type { Steps } from '../core/steps.ts'
import type { Session } from '../net/session.ts'
import type { Listener } from './listener.ts'
import type { ManagedPool } from './managed-pool.ts'

/** What sessions moved that are still open. */
export interface OpenBytes {
  toBackend: number
  toClient: number
}

/** Takes some hundredths of a millisecond. */
const BACKENDS_A_STEP = 8
const SESSIONS_A_STEP = 256

/** A snapshot whose backends are taken as they are asked for, once. */
export interface PassingSnapshot extends Omit<Snapshot, 'pools'> {
  readonly pools: readonly PassingPool[]
}

export interface PassingPool extends Omit<PoolSnapshot, 'backends'> {
  readonly backends: Iterable<BackendSnapshot>
}

/** Where a snapshot comes from. */
export interface SnapshotSource {
  at: number
  startedAt: number
  state: Snapshot['state']
  version: number
  reloads: ReloadCounters
  listeners: readonly Listener[]
  sessions: Iterable<Session>
  pools: readonly ManagedPool[]
}

/** Copies the state of everything into plain data; each backend's as it is when its turn comes. */
export function* takeSnapshot(from: SnapshotSource): Steps<Snapshot> {
  const { pools: passing, ...rest } = yield* passingSnapshot(from)
  const pools: PoolSnapshot[] = []
  for (const { backends: each, ...pool } of passing) {
    const backends: BackendSnapshot[] = []
    for (const backend of each) {
      backends.push(backend)
      if (backends.length % BACKENDS_A_STEP === 0) yield
    }
    pools.push({ ...pool, backends })
  }
  return { ...rest, pools }
}

/**
 * The same for whoever writes it down: its backends come one by one, each as it is then, and once. What is alive only
 * as long as it is written costs the garbage collector nothing; a thousand backends that outlive that hold traffic up.
 */
export function* passingSnapshot(from: SnapshotSource): Steps<PassingSnapshot> {
  const open = yield* openBytes(from.sessions)
  const modes = modesOfPools(from.listeners)
  const listeners = from.listeners.map(listenerSnapshot)
  const pools = from.pools.map((managed) =>
    poolSnapshot(managed, { open, modes: modes.get(managed.config.name) ?? [] }),
  )
  return {
    at: from.at,
    startedAt: from.startedAt,
    state: from.state,
    version: from.version,
    reloads: reloadsSnapshot(from.reloads),
    listeners,
    pools,
  }
}

/** A session adds its bytes to its backend's counters when it ends; those of open sessions are added here. */
export function* openBytes(sessions: Iterable<Session>): Steps<Map<Backend, OpenBytes>> {
  const open = new Map<Backend, OpenBytes>()
  let seen = 0
  for (const { holder } of sessions) {
    if (++seen % SESSIONS_A_STEP === 0) yield
    if (holder?.backend === undefined) continue
    const bytes = open.get(holder.backend) ?? { toBackend: 0, toClient: 0 }
    bytes.toBackend += holder.bytesToBackend
    bytes.toClient += holder.bytesToClient
    open.set(holder.backend, bytes)
  }
  return open
}

function modesOfPools(listeners: readonly Listener[]): Map<string, Mode[]> {
  const found = new Map<string, Set<Mode>>()
  for (const { config } of listeners) {
    const routes = config.http?.routes ?? []
    const pools = routes.length === 0 ? [config.pool] : routes.map(({ pool }) => pool)
    for (const pool of pools) found.set(pool, (found.get(pool) ?? new Set()).add(modeOf(config)))
  }
  return new Map([...found].map(([pool, modes]) => [pool, [...modes]]))
}

function modeOf({ http }: Listener['config']): Mode {
  return http === undefined ? 'tcp' : 'http'
}

function reloadsSnapshot({ succeeded, failed, wasLastOk, lastOkAt }: ReloadCounters): ReloadsSnapshot {
  return { succeeded, failed, lastOk: wasLastOk, lastOkAt }
}

function listenerSnapshot(listener: Listener): ListenerSnapshot {
  return {
    name: listener.config.name,
    address: formatAddress(listener.address),
    pool: listener.config.pool,
    mode: modeOf(listener.config),
    active: listener.active,
    accepted: listener.accepted,
    rejected: listener.rejected,
    maxConnections: listener.maxConnections,
    ends: Object.fromEntries(listener.ends),
    requests: listener.requests === undefined ? undefined : listenerRequests(listener.requests),
  }
}

function listenerRequests({ codes, answers }: RequestEnds): ListenerRequestsSnapshot {
  return {
    ends: Object.fromEntries(codes),
    answers: answers.toRecord(),
    unanswered: answers.counts[0] as number,
  }
}

function poolSnapshot(
  { pool, config }: ManagedPool,
  { open, modes }: { open: ReadonlyMap<Backend, OpenBytes>; modes: readonly Mode[] },
): PassingPool {
  return {
    name: pool.name,
    strategy: config.strategy,
    modes,
    queued: pool.queued,
    retries: pool.retries,
    replays: pool.replays,
    queueTime: latencySnapshot(pool.queueCounters.time),
    queueFailures: { ...pool.queueCounters.failures },
    backends: backendSnapshots(pool, open),
  }
}

function* backendSnapshots(
  pool: ManagedPool['pool'],
  open: ReadonlyMap<Backend, OpenBytes>,
): Generator<BackendSnapshot, void> {
  const eligible = new Set(pool.eligible)
  // A copy: backends may come and go between two of them.
  for (const backend of Array.from(pool.backends.values())) {
    yield backendSnapshot(backend, { eligible: eligible.has(backend), open: open.get(backend) })
  }
}

function backendSnapshot(
  backend: Backend,
  more: { eligible: boolean; open: OpenBytes | undefined },
): BackendSnapshot {
  return {
    id: backend.id,
    address: formatAddress(backend.address),
    mode: backend.mode,
    healthy: backend.healthy,
    ejected: backend.ejected,
    eligible: more.eligible,
    weight: backend.weight,
    effectiveWeight: backend.effectiveWeight,
    backup: backend.backup,
    maxConnections: backend.maxConnections,
    active: backend.active,
    sessions: backend.sessions,
    connectFailures: backend.connectFailures,
    ejections: backend.ejections,
    totalEjections: backend.totalEjections,
    connectTime: latencySnapshot(backend.connectTime),
    sessionTime: latencySnapshot(backend.sessionTime),
    bytesToBackend: backend.bytesToBackend + (more.open?.toBackend ?? 0),
    bytesToClient: backend.bytesToClient + (more.open?.toClient ?? 0),
    checks: backend.checks,
    failedChecks: backend.failedChecks,
    lastCheck: backend.lastCheck,
    lastCheckAt: backend.lastCheckAt === 0 ? undefined : backend.lastCheckAt,
    healthySince: backend.healthySince,
    healthReason: backend.healthReason === '' ? undefined : backend.healthReason,
    requests: backend.requests === undefined ? undefined : requestsSnapshot(backend.requests),
  }
}

function requestsSnapshot({ answers, failed, firstByte, total }: RequestCounters): RequestsSnapshot {
  return {
    answers: answers.toRecord(),
    failed,
    firstByte: latencySnapshot(firstByte),
    total: latencySnapshot(total),
  }
}

function latencySnapshot({ boundsMs, counts, sumMs }: LatencyHistogram): LatencySnapshot {
  // Not spread: of a thousand backends that alone would hold the loop up for over a millisecond.
  const copied: number[] = []
  for (let i = 0; i < counts.length; i++) copied.push(counts[i] as number)
  return { boundsMs, counts: copied, sumMs }
}
