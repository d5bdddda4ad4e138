import type { Bed, Figures } from '../bed.ts'
import { withContender } from '../bed.ts'
import { processesOf } from '../proc.ts'
import { median, percentile } from '../stats.ts'
import { captured } from './captured.ts'
import { runSteadily } from './http-paced.ts'

/** Each besieged window has one beside it that is not; neither kind is always the first. */
const TURNS = [false, true, true, false, false, true, true, false]

/** Of one run of the load, in microseconds. */
interface Window {
  /** As the clients see it. */
  readonly p99: number
  /** What the contender adds, from packet to packet. */
  readonly wire: number
  readonly lost: number
}

/**
 * Round trip of a small GET, and what the contender adds to it, while its admin side is besieged and while it is not, by
 * turns, in one process: a median of four windows each. Rounds on a noisy machine are further apart than these two;
 * neighbours in time share its mood. Nothing for contenders without a siege.
 */
export async function measureHttpSiege(bed: Bed): Promise<Figures> {
  if (bed.contender?.isBesieged !== true) return {}
  return withContender(bed, bed.web.ports, (running) =>
    runSteadily(bed, running, async (timing, run) => {
      const besiegers = processesOf(running.pids(), 'load/admin-load.js')
      if (besiegers.length === 0) throw new Error('nobody besieges it')
      const besieged: Window[] = []
      const free: Window[] = []
      for (const isBesieged of TURNS) {
        for (const pid of besiegers) process.kill(pid, isBesieged ? 'SIGCONT' : 'SIGSTOP')
        // Meanwhile clients that were cut off come back, and have soon been served as often as ever.
        const warmUpMs = timing.warmUpSeconds * 1e3
        const { held, result } = await captured(bed, running, { run, warmUpMs })
        ;(isBesieged ? besieged : free).push({ ...result, wire: percentile(held, 99) * 1e3 })
      }
      return {
        'http-siege-p99': median(besieged.map(({ p99 }) => p99)),
        'http-siege-free-p99': median(free.map(({ p99 }) => p99)),
        'http-siege-wire-p99': median(besieged.map(({ wire }) => wire)),
        'http-siege-free-wire-p99': median(free.map(({ wire }) => wire)),
        'http-siege-lost': [...besieged, ...free].reduce((sum, { lost }) => sum + lost, 0),
      }
    }),
  )
}
