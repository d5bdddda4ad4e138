import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/** V8's own default is 7, of the four helper threads that Node gives it. */
export const ONE_MARKER = '--concurrent-marking-max-worker-num=1'

/**
 * Where the process has one CPU, no more than one of V8's helpers takes part in a garbage collection of the whole heap. By
 * default it is all of them: each gets as much of the CPU as the thread that forwards, which then keeps up with no more
 * than a fifth of what it could, for a tenth of a second (with 10,000 sessions and a busy admin side, every few seconds).
 *
 * For a program's first lines: it is set for the whole process. Whoever embeds the library decides for himself.
 */
export function spareOnlyCpu(cpus = availableParallelism(), set = setFlagsFromString): void {
  if (cpus === 1) set(ONE_MARKER)
}
