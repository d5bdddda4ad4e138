import type { Bed, Figures } from '../bed.ts'
import { withContender } from '../bed.ts'
import { percentile } from '../stats.ts'
import { captured } from './captured.ts'
import { runSteadily } from './http-paced.ts'

/**
 * What a contender itself adds to a small GET, in microseconds: as `http-paced`, with a capture of the packets on both
 * sides of it. There the load's own pauses are not in it, nor the backends'.
 */
export function measureHttpWire(bed: Bed): Promise<Figures> {
  return withContender(bed, bed.web.ports, (running) =>
    runSteadily(bed, running, async (timing, run) => {
      const { held } = await captured(bed, running, { run, warmUpMs: timing.warmUpSeconds * 1e3 })
      return { 'http-wire-p50': percentile(held, 50) * 1e3, 'http-wire-p99': percentile(held, 99) * 1e3 }
    }),
  )
}
