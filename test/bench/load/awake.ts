import type { Child } from '../child.ts'
import type { Workspace } from '../workspace.ts'

/**
 * Keeps CPUs from sleeping while `work` goes on: each turns round in a process that yields to anything else at once. A
 * virtual machine's CPU that sleeps must be woken by its host, which here took milliseconds every so often: far more than
 * a request takes, and by chance. The CPU time of the others does not change.
 */
export async function keepAwake<T>(
  workspace: Workspace,
  cpus: readonly number[],
  work: () => Promise<T>,
): Promise<T> {
  const turning: Child[] = cpus.map((cpu) =>
    workspace.start('chrt', ['--idle', '0', 'sh', '-c', 'while :; do :; done'], { cpu }),
  )
  try {
    return await work()
  } finally {
    await Promise.all(turning.map((child) => child.stop()))
  }
}
