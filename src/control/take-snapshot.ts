import { formatAddress } from '../core/address.ts'
import type { Backend } from '../core/backend.ts'
import type { ReloadCounters } from '../core/reload-counters.ts'
import type { RequestCounters } from '../core/request-counters.ts'
import type { RequestEnds } from '../core/request-ends.ts'
import type {
  BackendSnapshot,
  ListenerRequestsSnapshot,
  ListenerSnapshot,
  LiveBackend,
  LiveSnapshot,
  Mode,
  PoolSnapshot,
  ReloadsSnapshot,
  RequestsSnapshot,
  Snapshot,
} from '../core/snapshot.ts'
import type { Steps } from '../core/steps.ts'
import type { Session } from '../net/session.ts'
import { BackendView } from './backend-view.ts'
import { copyHistogram } from './copy-histogram.ts'
import type { Listener } from './listener.ts'
import type { ManagedPool } from './managed-pool.ts'

/** Takes some hundredths of a millisecond. */
const BACKENDS_A_STEP = 8
const SESSIONS_A_STEP = 256

/** A snapshot whose backends pass one by one, once: each is good until the next one is asked for. */
export type PassingSnapshot = Snapshot<Iterable<LiveBackend>>

export type PassingPool = PoolSnapshot<Iterable<LiveBackend>>

/** Where a snapshot comes from. */
export interface SnapshotSource {
  at: number
  startedAt: number
  state: Snapshot['state']
  version: number
  reloads: ReloadCounters
  listeners: readonly Listener[]
  /** Each listener's. */
  sessions: readonly Iterable<Session>[]
  pools: readonly ManagedPool[]
}

/** Copies the state of everything into plain data; each backend's as it is when its turn comes. */
export function* takeSnapshot(from: SnapshotSource): Steps<Snapshot> {
  return yield* snapshotWith(from, backendSnapshot)
}

/** The same, with backends that are as they are whenever they are looked at, and no copies. */
export function* liveSnapshot(from: SnapshotSource): Steps<LiveSnapshot> {
  return yield* snapshotWith(from, (backend, isEligible) => new BackendView().show(backend, isEligible))
}

type Showing<Shown> = (backend: Backend, isEligible: boolean) => Shown

function* snapshotWith<Shown>(from: SnapshotSource, show: Showing<Shown>): Steps<Snapshot<readonly Shown[]>> {
  const { pools: passing, ...rest } = yield* passingWith(from, show)
  const pools: PoolSnapshot<readonly Shown[]>[] = []
  for (const { backends: each, ...pool } of passing) {
    const backends: Shown[] = []
    for (const backend of each) {
      backends.push(backend)
      if (backends.length % BACKENDS_A_STEP === 0) yield
    }
    pools.push({ ...pool, backends })
  }
  return { ...rest, pools }
}

/**
 * The same for whoever writes it down: its backends pass one by one, each as it is then, and once. One view shows them all:
 * copies of a thousand backends each second are garbage that holds traffic up when it is collected.
 */
export function* passingSnapshot(from: SnapshotSource): Steps<PassingSnapshot> {
  const view = new BackendView()
  return yield* passingWith(from, (backend, isEligible) => view.show(backend, isEligible))
}

function* passingWith<Shown>(from: SnapshotSource, show: Showing<Shown>): Steps<Snapshot<Iterable<Shown>>> {
  yield* countBytes(from.sessions)
  const modes = modesOfPools(from.listeners)
  const listeners = from.listeners.map(listenerSnapshot)
  const pools = from.pools.map((managed) =>
    poolSnapshot(managed, { modes: modes.get(managed.config.name) ?? [], show }),
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

/**
 * Makes backends count what open sessions have moved so far. Nothing else adds it up: were it looked at in one moment and
 * their counters in another, a session that ends in between would be counted twice, or not at all, and a counter that
 * goes back is a restart to whoever watches it.
 */
export function* countBytes(lists: readonly Iterable<Session>[]): Steps<void> {
  for (const sessions of lists) {
    const each = sessions[Symbol.iterator]()
    while (countSome(each)) yield
  }
}

/** Whether there may be more. In a generator itself, each session would leave an object behind. */
function countSome(each: Iterator<Session>): boolean {
  for (let i = 0; i < SESSIONS_A_STEP; i++) {
    const next = each.next()
    if (next.done === true) return false
    next.value.holder?.countBytes()
  }
  return true
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

function poolSnapshot<Shown>(
  { pool, config }: ManagedPool,
  { modes, show }: { modes: readonly Mode[]; show: Showing<Shown> },
): PoolSnapshot<Iterable<Shown>> {
  return {
    name: pool.name,
    strategy: config.strategy,
    modes,
    queued: pool.queued,
    retries: pool.retries,
    replays: pool.replays,
    queueTime: copyHistogram(pool.queueCounters.time),
    queueFailures: { ...pool.queueCounters.failures },
    backends: backendSnapshots(pool, show),
  }
}

function* backendSnapshots<Shown>(pool: ManagedPool['pool'], show: Showing<Shown>): Generator<Shown, void> {
  const eligible = new Set(pool.eligible)
  // A copy: backends may come and go between two of them.
  for (const backend of Array.from(pool.backends.values())) {
    yield show(backend, eligible.has(backend))
  }
}

function backendSnapshot(backend: Backend, eligible: boolean): BackendSnapshot {
  return {
    id: backend.id,
    address: formatAddress(backend.address),
    mode: backend.mode,
    healthy: backend.healthy,
    ejected: backend.ejected,
    eligible,
    weight: backend.weight,
    effectiveWeight: backend.effectiveWeight,
    backup: backend.backup,
    maxConnections: backend.maxConnections,
    active: backend.active,
    sessions: backend.sessions,
    connectFailures: backend.connectFailures,
    ejections: backend.ejections,
    totalEjections: backend.totalEjections,
    connectTime: copyHistogram(backend.connectTime),
    sessionTime: copyHistogram(backend.sessionTime),
    bytesToBackend: backend.bytesToBackend,
    bytesToClient: backend.bytesToClient,
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
    firstByte: copyHistogram(firstByte),
    total: copyHistogram(total),
  }
}
