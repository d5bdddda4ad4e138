import type { Bed, Figures } from '../bed.ts'
import { withContender } from '../bed.ts'
import { processesOf } from '../proc.ts'
import { median, percentile } from '../stats.ts'
import { captured } from './captured.ts'
import { runSteadily } from './http-paced.ts'

/** Each besieged window has one beside it that is not; neither kind is always the first. */
const TURNS = [false, true, true, false, false, true, true, false]

/**
 * What a contender adds to a small GET, from packet to packet, in microseconds: while its admin side is besieged and
 * while it is not, by turns, in one process. Rounds on a noisy machine are further apart than these two; neighbours in
 * time share its mood. Nothing for contenders without a siege.
 */
export async function measureHttpSiege(bed: Bed): Promise<Figures> {
  if (bed.contender?.isBesieged !== true) return {}
  return withContender(bed, bed.web.ports, (running) =>
    runSteadily(bed, running, async (timing, run) => {
      const besiegers = processesOf(running.pids(), 'load/admin-load.js')
      if (besiegers.length === 0) throw new Error('nobody besieges it')
      const p99 = { besieged: [] as number[], free: [] as number[] }
      let losses = 0
      for (const isBesieged of TURNS) {
        for (const pid of besiegers) process.kill(pid, isBesieged ? 'SIGCONT' : 'SIGSTOP')
        // Meanwhile clients that were cut off come back, and have soon been served as often as ever.
        const warmUpMs = timing.warmUpSeconds * 1e3
        const { held, result } = await captured(bed, running, { run, warmUpMs })
        p99[isBesieged ? 'besieged' : 'free'].push(percentile(held, 99) * 1e3)
        losses += result.lost
      }
      return {
        'http-siege-p99': median(p99.besieged),
        'http-siege-free-p99': median(p99.free),
        'http-siege-lost': losses,
      }
    }),
  )
}
