import type { Bed, Figures } from './bed.ts'
import { measureDownload, measureUpload } from './measure/bulk-cpu.ts'
import { measureLatency } from './measure/latency.ts'
import { measureIdlePairs, measureStalledPairs } from './measure/memory.ts'
import { measureConnections, measureRequests } from './measure/web-cpu.ts'
import { networks } from './network.ts'
import type { Tool } from './tool.ts'
import { iperf3, wrk } from './tool.ts'

/** One line of comparison in the table. */
export interface Figure {
  readonly id: string
  readonly title: string
  readonly unit: string
  readonly digits: number
  /** What the issue that set it asks of fairlead: at most this. Times HAProxy's, or in the unit. */
  readonly goal?: Goal
}

type Goal = { readonly ratio: number; readonly noDearerThan?: string } | { readonly value: number }

/** One kind of load, which may give several figures. */
export interface Metric {
  /** As `--only` names it. */
  readonly name: string
  readonly figures: readonly Figure[]
  readonly tool?: Tool
  /** Which CPU the load runs on makes no difference: measured in the first view only. */
  readonly once?: boolean
  /** The value with no balancer at all is subtracted. */
  readonly lessDirect?: boolean
  measure(bed: Bed): Promise<Figures>
}

export const metrics: readonly Metric[] = [
  {
    name: 'requests',
    figures: [
      figure('requests', 'CPU time a request (keep-alive, 64 connections)', 'us', 2, {
        ratio: 1.3,
        noDearerThan: 'go',
      }),
    ],
    tool: wrk,
    measure: measureRequests,
  },
  {
    name: 'connections',
    figures: [figure('connections', 'CPU time a connection (one request each)', 'us', 1, { ratio: 2.5 })],
    tool: wrk,
    measure: measureConnections,
  },
  {
    name: 'download',
    figures: [figure('download', 'CPU time a GB, backend to client (4 streams)', 's', 3, { ratio: 1.1 })],
    tool: iperf3,
    measure: measureDownload,
  },
  {
    name: 'upload',
    figures: [figure('upload', 'CPU time a GB, client to backend (4 streams)', 's', 3, { ratio: 1.1 })],
    tool: iperf3,
    measure: measureUpload,
  },
  {
    name: 'latency',
    figures: [
      figure('p50', 'Added latency at 2,000 requests/s, p50', 'us', 0),
      figure('p99', 'Added latency at 2,000 requests/s, p99', 'us', 0),
    ],
    lessDirect: true,
    measure: measureLatency,
  },
  {
    name: 'idle',
    figures: [figure('idle', 'Resident memory of an idle pair', 'KiB', 1, { value: 20 })],
    once: true,
    measure: measureIdlePairs,
  },
  {
    name: 'stalled',
    figures: [figure('stalled', 'Resident memory of a stalled pair', 'KiB', 1, { value: 96 })],
    tool: networks,
    once: true,
    measure: measureStalledPairs,
  },
]

function figure(id: string, title: string, unit: string, digits: number, goal?: Figure['goal']): Figure {
  return goal === undefined ? { id, title, unit, digits } : { id, title, unit, digits, goal }
}
