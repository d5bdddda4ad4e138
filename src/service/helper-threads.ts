import { readdirSync, stat } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/** Where Linux tells of this process' threads; nowhere else has each of them a priority of its own. */
const THREADS = '/proc/self/task'
/** Where both want all of the CPU, they get a tenth of what the main thread gets. */
const STEPS_DOWN = 10

/**
 * Puts all other threads behind the one that forwards: V8's, which compile and collect garbage, and libuv's, which
 * compress metrics, write the log and look up names. They have its priority otherwise: on one CPU it then stands still,
 * for up to 10 ms, until one of them has done its part. Where that cannot be had, nothing changes.
 */
export function putHelpersBehind({
  threads = THREADS,
  lower = setPriority,
  withAllThreads = whenPoolStands,
}: {
  readonly threads?: string
  readonly lower?: typeof setPriority
  /** Calls back once the threads of libuv's pool are there. */
  readonly withAllThreads?: (then: () => void) => void
} = {}): void {
  const put = (): void => lowerOthers(threads, lower)
  put()
  withAllThreads(put)
}

function lowerOthers(threads: string, lower: typeof setPriority): void {
  try {
    const priority = Math.min(getPriority() + STEPS_DOWN, constants.priority.PRIORITY_LOW)
    const others = readdirSync(threads).map(Number)
    for (const id of others) if (id !== process.pid) lower(id, priority)
  } catch {
    // No Linux, or not allowed in here; or a thread has just ended, and V8's and libuv's do not.
  }
}

/** libuv begins them all when it is first asked for something. */
function whenPoolStands(then: () => void): void {
  stat('/', () => then())
}
