import type { Bed } from '../bed.ts'

/** Sends small GETs by the clock; gives the percentiles of the round trip in microseconds. Rejects if many were late. */
export async function runPaced(
  bed: Bed,
  port: number,
  requestsPerSecond: number,
): Promise<{ p50: number; p99: number; lost: number }> {
  const { workspace, timing, loadCpu: cpu } = bed
  const warmUpMs = timing.warmUpSeconds * 1000
  const measureMs = timing.measureSeconds * 1000
  const args = [port, requestsPerSecond, warmUpMs, measureMs]
  const load = workspace.startProgram('./load/paced-requests.js', args, { cpu })
  const report = JSON.parse(await load.output(warmUpMs + measureMs + 15_000)) as PacedReport
  if (report.dropped > report.answered * MOST_DROPPED) {
    throw new Error(`it did not keep up: ${report.dropped} requests found every connection busy`)
  }
  return { p50: report.p50Ms * 1000, p99: report.p99Ms * 1000, lost: report.lost }
}

const MOST_DROPPED = 0.01

interface PacedReport {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly answered: number
  readonly dropped: number
  readonly lost: number
}
