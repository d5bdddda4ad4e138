import { ByteText } from '../core/byte-text.ts'
import type { ProcessFacts } from '../core/process-facts.ts'
import type { LiveSnapshot } from '../core/snapshot.ts'
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

/** Takes some hundredths of a millisecond where each row is a histogram. */
const ROWS_A_STEP = 2

/** What `Content-Type` says of it. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * A snapshot in Prometheus' text format 0.0.4. How many series there are follows from the configuration alone: no
 * name, status, path or address that comes with traffic becomes a label.
 */
export function prometheusText(snapshot: LiveSnapshot, process: ProcessFacts): string {
  const parts = [...prometheusParts(snapshot, process)].filter((part) => part !== undefined)
  return Buffer.concat(parts).toString()
}

/**
 * The same in steps, some of which give a piece. With a thousand backends it is megabytes: whoever makes them beside
 * traffic lets the traffic have its turn between steps.
 */
export function* prometheusParts(
  snapshot: LiveSnapshot,
  process: ProcessFacts,
): Generator<Buffer | void, void> {
  const { listeners, pools } = snapshot
  const out = new ByteText()
  const tables: Steps<void>[] = [
    writeTable(out, { prefix: 'fairlead_', metrics: instanceMetrics, rows: [[{ snapshot, process }, '']] }),
    writeTable(out, {
      prefix: 'fairlead_listener_',
      metrics: listenerMetrics,
      rows: listeners.map((listener) => [listener, labels({ listener: listener.name })]),
    }),
    writeTable(out, {
      prefix: 'fairlead_pool_',
      metrics: poolMetrics,
      rows: pools.map((pool) => [pool, labels({ pool: pool.name })]),
    }),
    writeTable(out, {
      prefix: 'fairlead_backend_',
      metrics: backendMetrics,
      rows: yield* backendRows(pools),
    }),
    writeTable(out, { prefix: 'process_', metrics: processMetrics, rows: [[process, '']] }),
    writeTable(out, { prefix: 'nodejs_', metrics: nodeMetrics, rows: [[process, '']] }),
  ]
  for (const table of tables) for (const _ of table) yield out.piece()
  yield out.take()
}

/** A thousand of them are a step each. */
function* backendRows(pools: LiveSnapshot['pools']): Steps<(readonly [BackendRow, Labels])[]> {
  const rows: (readonly [BackendRow, Labels])[] = []
  for (const { name, modes, backends } of pools) {
    for (const backend of backends) {
      rows.push([{ backend, modes }, labels({ pool: name, backend: backend.id })])
      yield
    }
  }
  return rows
}

interface Table<Row> {
  /** Of its metrics' names. */
  readonly prefix: string
  readonly metrics: readonly Metric<Row>[]
  readonly rows: readonly (readonly [Row, Labels])[]
}

/** Family by family, as the format demands: all series of one name stand together. */
function* writeTable<Row>(out: ByteText, { prefix, metrics, rows }: Table<Row>): Steps<void> {
  for (const metric of metrics) {
    const full = `${prefix}${metric.name}`
    const name = Buffer.from(full)
    let written = 0
    for (const [row, of] of rows) {
      if (metric.lacks?.(row) === true) continue
      if (written === 0) out.text(heading(full, metric.type, metric.help))
      metric.write(out, { name, of }, row)
      if (++written % ROWS_A_STEP === 0) yield
    }
  }
}
