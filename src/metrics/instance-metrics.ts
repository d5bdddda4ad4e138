import type { ProcessFacts } from '../core/process-facts.ts'
import type { LiveSnapshot } from '../core/snapshot.ts'
import type { Metric } from './metric.ts'
import { counters, gauge, info, oneOf } from './metric.ts'
import { labels } from './text.ts'

interface Instance {
  readonly snapshot: LiveSnapshot
  readonly process: ProcessFacts
}

const STATES: readonly LiveSnapshot['state'][] = ['running', 'draining', 'closed']

/** `fairlead_...`: what is told of the balancer as a whole. */
export const instanceMetrics: readonly Metric<Instance>[] = [
  info('build_info', 'What runs here. Always 1.', ({ process: { version, node } }) =>
    labels({ version, node }),
  ),
  oneOf('state', 'Whether it runs, drains or is closed: 1 for what it does.', {
    label: 'state',
    among: STATES,
    is: ({ snapshot }) => snapshot.state,
  }),
  gauge(
    'config_version',
    'Grows with every change that somebody commanded: modes, weights, limits, backends, reloads.',
    ({ snapshot }) => snapshot.version,
  ),
  gauge(
    'config_last_reload_successful',
    'Whether what runs is what was asked for last.',
    ({ snapshot }) => snapshot.reloads.lastOk,
  ),
  gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the configuration was last loaded; the start counts.',
    ({ snapshot }) => snapshot.reloads.lastOkAt / 1_000,
  ),
  counters('config_reloads_total', 'Reloads of the configuration; the start does not count.', {
    label: 'result',
    counts: ({ snapshot: { reloads } }) => [
      ['success', reloads.succeeded],
      ['failure', reloads.failed],
    ],
  }),
]
