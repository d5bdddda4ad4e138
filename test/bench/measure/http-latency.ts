import type { Bed, Figures } from '../bed.ts'
import { withContender } from '../bed.ts'
import { withHttpBackends } from '../load/http.ts'
import { runPaced } from '../load/paced.ts'
import { runWrk } from '../load/wrk.ts'

/**
 * Round trip of a small GET at half of the rate that this contender reaches, in microseconds; with that rate, since a
 * slow contender has an easier time of it.
 */
export function measureHttpLatency(bed: Bed): Promise<Figures> {
  const { workspace, timing, loadCpu: cpu } = bed
  return withHttpBackends(bed, 'web', (ports) =>
    withContender(bed, ports, async ({ port }) => {
      await runWrk(workspace, { port, cpu, seconds: timing.warmUpSeconds })
      const most = await runWrk(workspace, { port, cpu, seconds: timing.measureSeconds })
      const rate = Math.round(most.requests / most.seconds / 2)
      const { p50, p99 } = await runPaced(bed, port, rate)
      return { 'http-p50': p50, 'http-p99': p99, 'http-rate': rate }
    }),
  )
}
