import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bed, Running } from '../bed.ts'
import { heldMs } from '../wire-times.ts'

/**
 * 512 bytes of a segment: the head of a request is shorter. 16 MB for what is not written yet: else some is lost when it
 * has to wait.
 */
const OPTIONS = ['-i', 'lo', '-s', '512', '-B', '16384', '-Z', 'root']

/**
 * How long the contender held each request and its response, in milliseconds, while `run` sends numbered requests: from
 * a capture of the packets on both sides of it. Those of the `warmUpMs` that `run` begins with are left out.
 */
export async function captured<T>(
  { workspace, loadCpu: cpu, web }: Bed,
  { port: front }: Running,
  { run, warmUpMs }: { run: () => Promise<T>; warmUpMs: number },
): Promise<{ held: readonly number[]; result: T }> {
  const backends = web.ports
  const file = join(workspace.folder, `wire-${front}.pcap`)
  const filter = [front, ...backends].map((port) => `tcp port ${port}`).join(' or ')
  const capture = workspace.start('tcpdump', [...OPTIONS, '-w', file, filter], { cpu })
  let result
  try {
    result = await run()
  } finally {
    await capture.stop()
  }
  const held = heldMs(readFileSync(file), { front, backends }, warmUpMs)
  if (held.length === 0) throw new Error('the capture holds no request')
  return { held, result }
}
