import { formatAddress } from '../core/address.ts'
import type { Backend } from '../core/backend.ts'
import { LATENCY_BOUNDS_MS } from '../core/latency-histogram.ts'
import type { LatencyHistogram } from '../core/latency-histogram.ts'
import type { RequestCounters } from '../core/request-counters.ts'
import type {
  BackendSnapshot,
  LatencySnapshot,
  ListenerSnapshot,
  PoolSnapshot,
  RequestsSnapshot,
  Snapshot,
} from '../core/snapshot.ts'
import type { Listener } from './listener.ts'
import type { ManagedPool } from './managed-pool.ts'

interface Bytes {
  toBackend: number
  toClient: number
}

/** Copies the state of everything into plain data. */
export function takeSnapshot(from: {
  at: number
  startedAt: number
  state: Snapshot['state']
  version: number
  listeners: readonly Listener[]
  pools: readonly ManagedPool[]
}): Snapshot {
  const open = openBytes(from.listeners)
  return {
    at: from.at,
    startedAt: from.startedAt,
    state: from.state,
    version: from.version,
    listeners: from.listeners.map(listenerSnapshot),
    pools: from.pools.map((managed) => poolSnapshot(managed, open)),
  }
}

/** A session adds its bytes to its backend's counters when it ends; those of open sessions are added here. */
function openBytes(listeners: readonly Listener[]): Map<Backend, Bytes> {
  const open = new Map<Backend, Bytes>()
  for (const { sessions } of listeners) {
    for (const { holder } of sessions) {
      if (holder?.backend === undefined) continue
      const bytes = open.get(holder.backend) ?? { toBackend: 0, toClient: 0 }
      bytes.toBackend += holder.bytesToBackend
      bytes.toClient += holder.bytesToClient
      open.set(holder.backend, bytes)
    }
  }
  return open
}

function listenerSnapshot(listener: Listener): ListenerSnapshot {
  return {
    name: listener.config.name,
    address: formatAddress(listener.address),
    pool: listener.config.pool,
    active: listener.active,
    accepted: listener.accepted,
    rejected: listener.rejected,
    maxConnections: listener.maxConnections,
    ends: Object.fromEntries(listener.ends),
  }
}

function poolSnapshot({ pool, config }: ManagedPool, open: ReadonlyMap<Backend, Bytes>): PoolSnapshot {
  const eligible = new Set(pool.eligible)
  return {
    name: pool.name,
    strategy: config.strategy,
    queued: pool.queued,
    retries: pool.retries,
    backends: [...pool.backends.values()].map((backend) =>
      backendSnapshot(backend, { eligible: eligible.has(backend), open: open.get(backend) }),
    ),
  }
}

function backendSnapshot(
  backend: Backend,
  more: { eligible: boolean; open: Bytes | undefined },
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
    bytesToBackend: backend.bytesToBackend + (more.open?.toBackend ?? 0),
    bytesToClient: backend.bytesToClient + (more.open?.toClient ?? 0),
    checks: backend.checks,
    failedChecks: backend.failedChecks,
    lastCheck: backend.lastCheck,
    healthySince: backend.healthySince,
    requests: backend.requests === undefined ? undefined : requestsSnapshot(backend.requests),
  }
}

function requestsSnapshot({ answers, failed, firstByte, total }: RequestCounters): RequestsSnapshot {
  const classes = [...answers].map((count, hundreds): [string, number] => [`${hundreds}xx`, count])
  return {
    answers: Object.fromEntries(classes.filter(([, count]) => count > 0)),
    failed,
    firstByte: latencySnapshot(firstByte),
    total: latencySnapshot(total),
  }
}

function latencySnapshot({ counts, sumMs }: LatencyHistogram): LatencySnapshot {
  return { boundsMs: LATENCY_BOUNDS_MS, counts: [...counts], sumMs }
}
