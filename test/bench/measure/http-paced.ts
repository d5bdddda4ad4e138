import type { Bed, Figures } from '../bed.ts'
import { withContender } from '../bed.ts'
import { keepAwake } from '../load/awake.ts'
import { runPaced } from '../load/paced.ts'
import { runWrk } from '../load/wrk.ts'

/** A tenth or less of what the slowest contender can do on one CPU of its own. */
const REQUESTS_PER_SECOND = 2_000
/** Of the usual warm-up, at full speed: about a hundred thousand requests, after which Node compiles no more of it. */
const FULL_SPEED_WARM_UPS = 4
/** Until all is steady at the rate that is measured. */
const PACED_WARM_UPS = 4
/** Pauses come a few times a second: a 99th percentile of few seconds is that of a handful of them. */
const MEASURES = 4

/**
 * Round trip of a small GET at a rate that everybody keeps up with at ease, in microseconds: of a contender that has
 * been at it for a while, as an operator's graph shows it, and not that of the first seconds of a process.
 */
export function measureHttpPaced(bed: Bed): Promise<Figures> {
  return withContender(bed, bed.web.ports, async ({ port }) => {
    const { p50, p99, lost } = await runSteadily(bed, port)
    return { 'http-paced-p50': p50, 'http-paced-p99': p99, 'http-paced-lost': lost }
  })
}

/** `watched` begins where the contender is warm, and gives what `run` gives. */
export async function runSteadily(
  bed: Bed,
  port: number,
  watched = (run: () => ReturnType<typeof runPaced>): ReturnType<typeof runPaced> => run(),
): Promise<Awaited<ReturnType<typeof runPaced>> & { warmUpMs: number }> {
  const { workspace, timing, loadCpu: cpu } = bed
  const warmUpSeconds = timing.warmUpSeconds * PACED_WARM_UPS
  const longer = { warmUpSeconds, measureSeconds: timing.measureSeconds * MEASURES }
  await runWrk(workspace, { port, cpu, seconds: timing.warmUpSeconds * FULL_SPEED_WARM_UPS })
  const result = await keepAwake(workspace, bed.contenderCpu, () =>
    watched(() => runPaced({ ...bed, timing: longer }, port, REQUESTS_PER_SECOND)),
  )
  return { ...result, warmUpMs: warmUpSeconds * 1e3 }
}
