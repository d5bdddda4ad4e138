import { LATENCY_BOUNDS_MS } from '../core/latency-histogram.ts'
import type { BackendMode } from '../core/backend.ts'
import type { Latencies, LiveBackend, Mode } from '../core/snapshot.ts'
import { statusCounts } from './fixed-sets.ts'
import type { Metric } from './metric.ts'
import { counter, counters, durations, gauge, info, oneOf, onlyFor } from './metric.ts'
import { labels } from './text.ts'

/** A backend, as its metrics see it. */
export interface BackendRow {
  readonly backend: LiveBackend
  /** Of its pool's listeners. */
  readonly modes: readonly Mode[]
}

const MODES: readonly BackendMode[] = ['ready', 'drain', 'maint']

const NONE_YET: Latencies = {
  boundsMs: LATENCY_BOUNDS_MS,
  counts: [0, ...LATENCY_BOUNDS_MS.map(() => 0)],
  sumMs: 0,
}

/** `fairlead_backend_...{pool,backend}` */
export const backendMetrics: readonly Metric<BackendRow>[] = [
  info('info', 'Where it is. Always 1.', ({ backend: { address } }) => labels({ address })),
  gauge('healthy', 'Whether active checks find it well.', ({ backend }) => backend.healthy),
  gauge('ejected', 'Whether failing traffic has taken it out for a while.', ({ backend }) => backend.ejected),
  oneOf('mode', 'What operators have commanded: 1 for the mode that it is in.', {
    label: 'mode',
    among: MODES,
    is: ({ backend }) => backend.mode,
  }),
  gauge('eligible', 'Whether it may be picked now; it may be full.', ({ backend }) => backend.eligible),
  gauge('weight', 'Its weight, as commanded.', ({ backend }) => backend.weight),
  gauge(
    'effective_weight',
    'Its weight as it counts now: less while it comes back slowly.',
    ({ backend }) => backend.effectiveWeight,
  ),
  gauge(
    'active_sessions',
    'Sessions, in HTTP mode requests, that it serves.',
    ({ backend }) => backend.active,
  ),
  gauge('max_sessions', 'Most of those at once; 0 = unlimited.', ({ backend }) => backend.maxConnections),
  counter(
    'sessions_total',
    'Sessions, in HTTP mode requests, that it was picked for.',
    ({ backend }) => backend.sessions,
  ),
  counter(
    'connect_failures_total',
    'Connects to it that failed by its fault.',
    ({ backend }) => backend.connectFailures,
  ),
  counter(
    'ejections_total',
    'How often failing traffic has taken it out.',
    ({ backend }) => backend.totalEjections,
  ),
  counter('sent_bytes_total', 'Bytes sent to it.', ({ backend }) => backend.bytesToBackend),
  counter('received_bytes_total', 'Bytes received from it.', ({ backend }) => backend.bytesToClient),
  counters('checks_total', 'Active health checks.', {
    label: 'result',
    counts: ({ backend: { checks, failedChecks } }) => [
      ['passed', checks - failedChecks],
      ['failed', failedChecks],
    ],
  }),
  durations(
    'connect_seconds',
    'How long connects took that succeeded.',
    ({ backend }) => backend.connectTime,
  ),
  ...onlyFor<BackendRow>(
    ({ modes }) => modes.includes('tcp'),
    [
      durations(
        'session_seconds',
        'How long sessions took, from the accepted connection to its end.',
        ({ backend }) => backend.sessionTime,
      ),
    ],
  ),
  ...onlyFor<BackendRow>(
    ({ modes }) => modes.includes('http'),
    [
      counters('responses_total', 'What it answered.', {
        label: 'status',
        counts: ({ backend }) => statusCounts(backend.requests?.answers ?? {}),
      }),
      counter(
        'failed_requests_total',
        'Requests that had no answer, or not the whole of it, by its fault.',
        ({ backend }) => backend.requests?.failed ?? 0,
      ),
      durations(
        'first_byte_seconds',
        "From a request's head to its answer's.",
        ({ backend }) => backend.requests?.firstByte ?? NONE_YET,
      ),
      durations(
        'request_seconds',
        "From a request's head to the end of its answer.",
        ({ backend }) => backend.requests?.total ?? NONE_YET,
      ),
    ],
  ),
]
