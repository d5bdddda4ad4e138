import type { Metric } from './metric.ts'
import { httpMetrics } from './metrics-http.ts'
import { tcpMetrics } from './metrics-tcp.ts'

/** Everything that can be measured, in the table's order. */
export const metrics: readonly Metric[] = [...tcpMetrics, ...httpMetrics]

/** What `--only` may name beside single metrics: several at once. */
export const groups: Readonly<Record<string, readonly string[]>> = {
  tcp: tcpMetrics.map((metric) => metric.name),
  http: httpMetrics.map((metric) => metric.name),
  bulk: ['download', 'upload'],
  memory: ['idle', 'stalled'],
  'http-uploads': httpMetrics.map((metric) => metric.name).filter((name) => /-(put|post)/.test(name)),
}
