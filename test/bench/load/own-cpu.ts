import { spawnSync } from 'node:child_process'
import { ordinaryThreads } from '../proc.ts'
import type { Workspace } from '../workspace.ts'

/**
 * Has the processes run on their CPU as on one that is theirs and always awake, while `work` goes on. Otherwise two things
 * are measured with them, each by chance and far longer than a request takes:
 *
 * - A virtual machine's CPU that sleeps must be woken by its host, which here took milliseconds every so often. So a
 *   process of the lowest class turns round on it.
 * - Lowest class or not, that process was in the way: the scheduler (Linux 6.18) let a contender wait for it, the one that
 *   works by fits and starts the longest. With it p99 was 1.0 to 1.7 ms, and 0.4 for the same contender put before it. So
 *   each is put before all that is of the normal class, but for threads which it has itself put behind the others.
 *
 * The CPU time of the others does not change. Not for a CPU that several processes share, such as the load's.
 */
export async function withOwnCpu<T>(
  { workspace, cpu, pids }: { workspace: Workspace; cpu: number; pids: readonly number[] },
  work: () => Promise<T>,
): Promise<T> {
  for (const thread of ordinaryThreads(pids)) putFirst(thread)
  const turning = workspace.start('chrt', ['--idle', '0', 'sh', '-c', 'while :; do :; done'], { cpu })
  try {
    return await work()
  } finally {
    await turning.stop()
  }
}

function putFirst(thread: number): void {
  const { status, stderr } = spawnSync('chrt', ['--fifo', '--pid', '1', String(thread)], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`chrt: ${stderr.trim()}`)
}
