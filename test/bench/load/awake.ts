import type { Workspace } from '../workspace.ts'

/**
 * Keeps a CPU from sleeping while `work` goes on, by a process of the lowest class that turns round. A virtual machine's
 * CPU that sleeps must be woken by its host, which here took milliseconds every so often: far more than a request takes,
 * and by chance. The CPU time of the others does not change.
 *
 * Not for a CPU that several processes share, such as the load's: the scheduler (Linux 6.18) let the backend there wait
 * for this one, lowest class or not, for about a millisecond at every tenth request.
 */
export async function keepAwake<T>(workspace: Workspace, cpu: number, work: () => Promise<T>): Promise<T> {
  const turning = workspace.start('chrt', ['--idle', '0', 'sh', '-c', 'while :; do :; done'], { cpu })
  try {
    return await work()
  } finally {
    await turning.stop()
  }
}
