import type { Bed, Figures } from '../bed.ts'
import { withContender } from '../bed.ts'
import { runPaced } from '../load/paced.ts'

/**
 * Round trip of a request at a rate that everybody keeps up with at ease, in microseconds. What the contender
 * adds is this less the direct figure of the same round. (A difference of two 99th percentiles is not the 99th
 * percentile of the differences, which nobody can observe; it is what an operator sees on a graph.)
 */
export function measureLatency(bed: Bed): Promise<Figures> {
  return withContender(bed, bed.web.ports, async ({ port }) => {
    const { p50, p99, lost } = await runPaced(bed, port, REQUESTS_PER_SECOND)
    return { p50, p99, lost }
  })
}

/** A tenth or less of what the slowest contender can do on one CPU of its own. */
const REQUESTS_PER_SECOND = 2000
