import type { Bed, Figures, Running, Timing } from '../bed.ts'
import { withContender } from '../bed.ts'
import { withOwnCpu } from '../load/own-cpu.ts'
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
  return withContender(bed, bed.web.ports, (running) =>
    runSteadily(bed, running, async (_timing, run) => {
      const { p50, p99, lost } = await run()
      return { 'http-paced-p50': p50, 'http-paced-p99': p99, 'http-paced-lost': lost }
    }),
  )
}

/** `measured` begins where the contender is warm; its `run` is the load, once. */
export async function runSteadily<T>(
  bed: Bed,
  running: Running,
  measured: (timing: Timing, run: () => ReturnType<typeof runPaced>) => Promise<T>,
): Promise<T> {
  const { workspace, contenderCpu, loadCpu: cpu } = bed
  const timing = {
    warmUpSeconds: bed.timing.warmUpSeconds * PACED_WARM_UPS,
    measureSeconds: bed.timing.measureSeconds * MEASURES,
  }
  const seconds = bed.timing.warmUpSeconds * FULL_SPEED_WARM_UPS
  await runWrk(workspace, { port: running.port, cpu, seconds })
  return withOwnCpu({ workspace, cpu: contenderCpu, pids: running.pids() }, () =>
    measured(timing, () => runPaced({ ...bed, timing }, running.port, REQUESTS_PER_SECOND)),
  )
}
