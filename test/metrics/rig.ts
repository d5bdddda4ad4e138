import type { EndCode } from '../../src/core/events.ts'
import type { ProcessFacts } from '../../src/core/process-facts.ts'
import type { BackendSnapshot, LatencySnapshot, Snapshot } from '../../src/core/snapshot.ts'

export const FACTS: ProcessFacts = {
  version: '1.2.3',
  node: '20.20.2',
  pid: 42,
  startedAt: 1_700_000_000_250,
  uptimeMs: 60_000,
  openDescriptors: 40,
  descriptorLimit: 1_024,
  cpuUserMs: 1_250,
  cpuSystemMs: 250,
  memory: { residentBytes: 5e7, heapUsedBytes: 1e7, heapTotalBytes: 2e7, externalBytes: 3e6 },
  loop: { lagP50Ms: 0.5, lagP99Ms: 12, lagMaxMs: 250, utilization: 0.25 },
}

/** Bounds of half a second and one second, with as many durations in each bucket. */
export function times(counts: readonly [number, number, number] = [0, 0, 0], sumMs = 0): LatencySnapshot {
  return { boundsMs: [500, 1_000], counts, sumMs }
}

export const BACKEND: BackendSnapshot = {
  id: 'a',
  address: '127.0.0.1:3001',
  mode: 'ready',
  healthy: true,
  ejected: false,
  eligible: true,
  weight: 5,
  effectiveWeight: 2.5,
  backup: false,
  maxConnections: 100,
  active: 3,
  sessions: 10,
  connectFailures: 2,
  ejections: 0,
  totalEjections: 1,
  connectTime: times([8, 0, 0], 12.5),
  sessionTime: times([1, 2, 4], 9_000),
  bytesToBackend: 1_000,
  bytesToClient: 2_000_000,
  checks: 30,
  failedChecks: 4,
  lastCheck: undefined,
  healthySince: 0,
}

/** One listener `main` and one pool `main` with these backends. */
export function snapshotOf(more: {
  mode?: 'tcp' | 'http'
  backends?: readonly BackendSnapshot[]
  ends?: Partial<Record<EndCode, number>>
}): Snapshot {
  const { mode = 'tcp', backends = [BACKEND], ends = {} } = more
  const requests = mode === 'http' ? { ends: {}, answers: {}, unanswered: 0 } : undefined
  return {
    at: 1_700_000_060_000,
    startedAt: 1_700_000_000_000,
    state: 'running',
    version: 7,
    reloads: { succeeded: 2, failed: 1, lastOk: false, lastOkAt: 1_700_000_000_500 },
    listeners: [
      {
        name: 'main',
        address: '[::]:8080',
        pool: 'main',
        mode,
        active: 3,
        accepted: 12,
        rejected: 1,
        maxConnections: 1_000,
        ends,
        requests,
      },
    ],
    pools: [
      {
        name: 'main',
        strategy: 'round-robin',
        modes: [mode],
        queued: 1,
        retries: 2,
        replays: 3,
        queueTime: times([0, 1, 0], 700),
        queueFailures: { timeout: 1, 'no-backend': 0, full: 4, 'client-left': 0 },
        backends,
      },
    ],
  }
}
