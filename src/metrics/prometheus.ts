import type { ProcessFacts } from '../core/process-facts.ts'
import type { Snapshot } from '../core/snapshot.ts'
import type { Steps } from '../core/steps.ts'
import type { BackendRow } from './backend-metrics.ts'
import { backendMetrics } from './backend-metrics.ts'
import { instanceMetrics } from './instance-metrics.ts'
import { listenerMetrics } from './listener-metrics.ts'
import type { Metric } from './metric.ts'
import { poolMetrics } from './pool-metrics.ts'
import { nodeMetrics, processMetrics } from './process-metrics.ts'
import type { Labels } from './text.ts'
import { heading, labels } from './text.ts'

/** What `Content-Type` says of it. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * A snapshot in Prometheus' text format 0.0.4. How many series there are follows from the configuration alone: no
 * name, status, path or address that comes with traffic becomes a label.
 */
export function prometheusText(snapshot: Snapshot, process: ProcessFacts): string {
  return [...prometheusParts(snapshot, process)].join('')
}

/**
 * The same in small pieces, made as they are asked for. With a thousand backends it is megabytes: whoever makes them
 * beside traffic lets the traffic have its turn between pieces.
 */
export function* prometheusParts(snapshot: Snapshot, process: ProcessFacts): Generator<string | void, void> {
  const { listeners, pools } = snapshot
  yield* table('fairlead_', instanceMetrics, [[{ snapshot, process }, '']])
  yield* table(
    'fairlead_listener_',
    listenerMetrics,
    listeners.map((listener) => [listener, labels({ listener: listener.name })]),
  )
  yield* table(
    'fairlead_pool_',
    poolMetrics,
    pools.map((pool) => [pool, labels({ pool: pool.name })]),
  )
  yield* table('fairlead_backend_', backendMetrics, yield* backendRows(pools))
  yield* table('process_', processMetrics, [[process, '']])
  yield* table('nodejs_', nodeMetrics, [[process, '']])
}

/** A thousand of them are a step each. */
function* backendRows(pools: Snapshot['pools']): Steps<(readonly [BackendRow, Labels])[]> {
  const rows: (readonly [BackendRow, Labels])[] = []
  for (const { name, modes, backends } of pools) {
    for (const backend of backends) {
      rows.push([{ backend, modes }, labels({ pool: name, backend: backend.id })])
      yield
    }
  }
  return rows
}

/** Family by family, as the format demands: all series of one name stand together. */
function* table<Row>(
  prefix: string,
  metrics: readonly Metric<Row>[],
  rows: readonly (readonly [Row, Labels])[],
): Generator<string, void> {
  for (const metric of metrics) {
    const { name, type, help } = metric
    const full = `${prefix}${name}`
    let isBegun = false
    for (const [row, of] of rows) {
      if (metric.lacks?.(row) === true) continue
      const text = metric.lines(full, of, row)
      yield isBegun ? text : `${heading(full, type, help)}${text}`
      isBegun = true
    }
  }
}
