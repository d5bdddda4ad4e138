import { measureDownload, measureUpload } from './measure/bulk-cpu.ts'
import { measureLatency } from './measure/latency.ts'
import { measureIdlePairs, measureStalledPairs } from './measure/memory.ts'
import { measureConnections, measureRequests } from './measure/web-cpu.ts'
import type { Metric } from './metric.ts'
import { figure } from './metric.ts'
import { networks } from './network.ts'
import { iperf3, wrk } from './tool.ts'

export const tcpMetrics: readonly Metric[] = [
  {
    name: 'requests',
    suite: 'tcp',
    figures: [
      figure('requests', 'CPU time a request (keep-alive, 64 connections)', 'us', 2, {
        ratio: 1.3,
        rivals: { go: 1 },
      }),
    ],
    tool: wrk,
    measure: measureRequests,
  },
  {
    name: 'connections',
    suite: 'tcp',
    figures: [figure('connections', 'CPU time a connection (one request each)', 'us', 1, { ratio: 2.5 })],
    tool: wrk,
    measure: measureConnections,
  },
  {
    name: 'download',
    suite: 'tcp',
    figures: [figure('download', 'CPU time a GB, backend to client (4 streams)', 's', 3, { ratio: 1.1 })],
    tool: iperf3,
    measure: measureDownload,
  },
  {
    name: 'upload',
    suite: 'tcp',
    figures: [figure('upload', 'CPU time a GB, client to backend (4 streams)', 's', 3, { ratio: 1.1 })],
    tool: iperf3,
    measure: measureUpload,
  },
  {
    name: 'latency',
    suite: 'tcp',
    figures: [
      figure('p50', 'Added latency at 2,000 requests/s, p50', 'us', 0),
      figure('p99', 'Added latency at 2,000 requests/s, p99', 'us', 0),
    ],
    lessDirect: true,
    measure: measureLatency,
  },
  {
    name: 'idle',
    suite: 'tcp',
    figures: [figure('idle', 'Resident memory of an idle pair', 'KiB', 1, { value: 20 })],
    once: true,
    measure: measureIdlePairs,
  },
  {
    name: 'stalled',
    suite: 'tcp',
    figures: [figure('stalled', 'Resident memory of a stalled pair', 'KiB', 1, { value: 96 })],
    tool: networks,
    once: true,
    measure: measureStalledPairs,
  },
]
