import type { ListenerSnapshot } from '../core/snapshot.ts'
import { endCounts, statusCounts } from './fixed-sets.ts'
import type { Metric } from './metric.ts'
import { counter, counters, gauge, info, onlyFor } from './metric.ts'
import { labels } from './text.ts'

/** `fairlead_listener_...{listener}` */
export const listenerMetrics: readonly Metric<ListenerSnapshot>[] = [
  info('info', 'Where it accepts, and how it forwards. Always 1.', ({ address, mode }) =>
    labels({ address, mode }),
  ),
  gauge('active_sessions', 'Open sessions.', ({ active }) => active),
  gauge(
    'max_sessions',
    'Most open sessions; more than that are reset.',
    ({ maxConnections }) => maxConnections,
  ),
  counter(
    'accepted_sessions_total',
    'Sessions accepted, those that were rejected at once included.',
    ({ accepted }) => accepted,
  ),
  counter(
    'rejected_sessions_total',
    'Sessions reset at once: over the limit, or refused by policy.',
    ({ rejected }) => rejected,
  ),
  counters('ended_sessions_total', 'Sessions that ended: who ended them, and when; -- is normal.', {
    label: 'code',
    counts: ({ ends }) => endCounts(ends),
  }),
  ...onlyFor<ListenerSnapshot>(
    ({ mode }) => mode === 'http',
    [
      counters(
        'ended_requests_total',
        'Requests that ended: who ended them, and when; -- is a whole answer of a backend, whatever its status.',
        { label: 'code', counts: ({ requests }) => endCounts(requests?.ends ?? {}) },
      ),
      counters(
        'responses_total',
        'What clients were answered, by backends or by fairlead; none = cut, or the client had gone.',
        {
          label: 'status',
          counts: ({ requests }) => [
            ...statusCounts(requests?.answers ?? {}),
            ['none', requests?.unanswered ?? 0],
          ],
        },
      ),
    ],
  ),
]
