import { setFlagsFromString } from 'node:v8'
import { grantedCpus } from './granted-cpus.ts'
import { putHelpersBehind } from './helper-threads.ts'

/**
 * The heap is looked through by the thread that forwards, in steps of half a millisecond, as it allocates; and it waits
 * for no other thread meanwhile, which would come second. (Without `--parallel-marking` too, V8 breaks off when that is
 * set so late.)
 */
export const SPARING_FLAGS: readonly string[] = [
  '--no-concurrent-marking',
  '--no-incremental-marking-task',
  '--no-parallel-scavenge',
  '--no-parallel-compaction',
  '--no-parallel-pointer-update',
]

/**
 * Where the process has one CPU or less, a garbage collection of the whole heap is spread over the better part of a
 * second. V8 leaves the most of it to helper threads and drives on the rest by tasks, so that it is soon over; on one CPU
 * that is a tenth of a second in which the thread that forwards gets a fifth of the time. With 10,000 sessions and a busy
 * admin side that came every few seconds, and requests waited for 60 to 100 ms. What is still left to helper threads
 * (compiling, and the young garbage) they do when the thread that forwards has nothing to do.
 *
 * For a program's first lines: it is set for the whole process. Whoever embeds the library decides for himself.
 */
export function spareOnlyCpu(
  cpus = grantedCpus(),
  { set = setFlagsFromString, lower = putHelpersBehind } = {},
): void {
  if (cpus > 1) return
  for (const flag of SPARING_FLAGS) set(flag)
  lower()
}
