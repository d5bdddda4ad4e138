import type { Status } from '../../src/admin/status.ts'
import type {
  BackendSnapshot,
  LatencySnapshot,
  PoolSnapshot,
  RequestsSnapshot,
} from '../../src/core/snapshot.ts'

/** A backend that is well, but for what is said. */
export function backendWith(over: Partial<BackendSnapshot> = {}): BackendSnapshot {
  return {
    id: 'a',
    address: '127.0.0.1:3001',
    mode: 'ready',
    healthy: true,
    ejected: false,
    eligible: true,
    weight: 1,
    effectiveWeight: over.weight ?? 1,
    backup: false,
    maxConnections: 0,
    active: 0,
    sessions: 0,
    connectFailures: 0,
    ejections: 0,
    totalEjections: 0,
    connectTime: none(),
    sessionTime: none(),
    bytesToBackend: 0,
    bytesToClient: 0,
    checks: 0,
    failedChecks: 0,
    lastCheck: undefined,
    healthySince: 0,
    ...over,
  }
}

export function poolWith(
  backends: readonly BackendSnapshot[],
  over: Partial<PoolSnapshot> = {},
): PoolSnapshot {
  return {
    name: 'web',
    strategy: 'round-robin',
    modes: [backends[0]?.requests === undefined ? 'tcp' : 'http'],
    queued: 0,
    retries: 0,
    replays: 0,
    queueTime: none(),
    queueFailures: { timeout: 0, 'no-backend': 0, full: 0, 'client-left': 0 },
    backends,
    ...over,
  }
}

/** Each answered within a millisecond. */
export function requestsWith(answers: Readonly<Record<string, number>>): RequestsSnapshot {
  const answered = Object.values(answers).reduce((sum, count) => sum + count, 0)
  const time = { boundsMs: [1, 2], counts: [answered, 0, 0], sumMs: answered }
  return { answers, failed: 0, firstByte: time, total: time }
}

export function statusWith(over: Partial<Status>): Status {
  return {
    at: 1_000,
    startedAt: 0,
    state: 'running',
    version: 1,
    reloads: { succeeded: 0, failed: 0, lastOk: true, lastOkAt: 0 },
    listeners: [],
    pools: [],
    process: {
      version: '1.2.3',
      node: '20.20.2',
      pid: 1,
      startedAt: 0,
      uptimeMs: 1_000,
      openDescriptors: 20,
      cpuUserMs: 0,
      cpuSystemMs: 0,
      memory: { residentBytes: 1, heapUsedBytes: 1, heapTotalBytes: 1, externalBytes: 1 },
      loop: { lagP50Ms: 0, lagP99Ms: 0, lagMaxMs: 0, utilization: 0 },
    },
    ...over,
  }
}

function none(): LatencySnapshot {
  return { boundsMs: [1, 2], counts: [0, 0, 0], sumMs: 0 }
}
