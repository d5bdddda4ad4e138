import type { LiveSnapshot } from '../core/snapshot.ts'
import type { Metric } from './metric.ts'
import { counter, counters, durations, gauge, info, onlyFor } from './metric.ts'
import { labels } from './text.ts'

type Pool = LiveSnapshot['pools'][number]

/** `fairlead_pool_...{pool}` */
export const poolMetrics: readonly Metric<Pool>[] = [
  info('info', 'How it balances. Always 1.', ({ strategy }) => labels({ strategy })),
  gauge('backends', 'Backends that it has.', ({ backends }) => backends.length),
  gauge(
    'eligible_backends',
    'Backends that may be picked now; some may be full.',
    ({ backends }) => backends.filter(({ eligible }) => eligible).length,
  ),
  gauge('queued', 'Sessions or requests that wait for a backend with room.', ({ queued }) => queued),
  durations(
    'queue_wait_seconds',
    'How long those waited that had to, whatever came of it.',
    ({ queueTime }) => queueTime,
  ),
  counters('queue_failures_total', 'Those that waited in vain, or found the queue full.', {
    label: 'reason',
    counts: ({ queueFailures }) => Object.entries(queueFailures),
  }),
  counter(
    'connect_retries_total',
    'Connects that failed and were tried again, elsewhere where there is an elsewhere.',
    ({ retries }) => retries,
  ),
  ...onlyFor<Pool>(
    ({ modes }) => modes.includes('http'),
    [
      counter(
        'replayed_requests_total',
        'Requests that were sent once more, since the first connection gave no answer.',
        ({ replays }) => replays,
      ),
    ],
  ),
]
