import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bed, Figures } from '../bed.ts'
import { withContender } from '../bed.ts'
import { percentile } from '../stats.ts'
import { heldMs } from '../wire-times.ts'
import { runSteadily } from './http-paced.ts'

/**
 * 512 bytes of a segment: the head of a request is shorter. 16 MB for what is not written yet: else some is lost when it
 * has to wait.
 */
const OPTIONS = ['-i', 'lo', '-s', '512', '-B', '16384', '-Z', 'root']

/**
 * What a contender itself adds to a small GET, in microseconds: as `http-paced`, with a capture of the packets on both
 * sides of it. There the load's own pauses are not in it, nor the backends'.
 */
export function measureHttpWire(bed: Bed): Promise<Figures> {
  const { workspace, loadCpu: cpu } = bed
  const backends = bed.web.ports
  return withContender(bed, backends, async ({ port: front }) => {
    const file = join(workspace.folder, `wire-${front}.pcap`)
    const filter = [front, ...backends].map((port) => `tcp port ${port}`).join(' or ')
    const { warmUpMs } = await runSteadily(bed, front, async (run) => {
      const args = [...OPTIONS, '-w', file, filter]
      const capture = workspace.start('tcpdump', args, { cpu })
      try {
        return await run()
      } finally {
        await capture.stop()
      }
    })
    const held = heldMs(readFileSync(file), { front, backends }, warmUpMs)
    if (held.length === 0) throw new Error('the capture holds no request')
    return { 'http-wire-p50': percentile(held, 50) * 1e3, 'http-wire-p99': percentile(held, 99) * 1e3 }
  })
}
