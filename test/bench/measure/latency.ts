import type { Bed, Figures } from '../bed.ts'
import { withContender } from '../bed.ts'

/**
 * Round trip of a request at a rate that everybody keeps up with at ease, in microseconds. What the contender
 * adds is this less the direct figure of the same round. (A difference of two 99th percentiles is not the 99th
 * percentile of the differences, which nobody can observe; it is what an operator sees on a graph.)
 */
export function measureLatency(bed: Bed): Promise<Figures> {
  const { workspace, timing, loadCpu: cpu } = bed
  return withContender(bed, bed.web.ports, async (running) => {
    const warmUpMs = timing.warmUpSeconds * 1000
    const measureMs = timing.measureSeconds * 1000
    const args = [running.port, REQUESTS_PER_SECOND, warmUpMs, measureMs]
    const load = workspace.startProgram('./load/paced-requests.js', args, { cpu })
    const report = JSON.parse(await load.output(warmUpMs + measureMs + 15_000)) as PacedReport
    if (report.dropped > report.answered * MOST_DROPPED) {
      throw new Error(`it did not keep up: ${report.dropped} requests found every connection busy`)
    }
    return { p50: report.p50Ms * 1000, p99: report.p99Ms * 1000 }
  })
}

/** A tenth or less of what the slowest contender can do on one CPU of its own. */
const REQUESTS_PER_SECOND = 2000
const MOST_DROPPED = 0.01

interface PacedReport {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly answered: number
  readonly dropped: number
}
