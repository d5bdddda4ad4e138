import { readdirSync, readFileSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/** Where Linux tells of this process' threads; nowhere else has each of them a priority of its own. */
const THREADS = '/proc/self/task'
/** As Node 24 and later call them. */
const NAME = 'V8Worker'
/** Before that they have no name, but a place: begun one after the other, behind one that only hands out work. */
const FIRST = 1
const HOW_MANY = 4
/** Where both want all of the CPU, they get a tenth of what the main thread gets. */
const STEPS_DOWN = 10

/**
 * Puts V8's helper threads, which compile and collect garbage, behind the thread that forwards. They have its priority
 * otherwise: on one CPU it then stands still, for up to 10 ms, until one of them has done its part. Where that cannot be
 * had, nothing changes.
 */
export function putHelpersBehind(threads = THREADS, lower: typeof setPriority = setPriority): void {
  try {
    const priority = Math.min(getPriority() + STEPS_DOWN, constants.priority.PRIORITY_LOW)
    for (const id of helpersAmong(threads)) lower(id, priority)
  } catch {
    // No Linux, or not allowed in here.
  }
}

function helpersAmong(threads: string): readonly number[] {
  const ids = readdirSync(threads)
    .map(Number)
    .filter((id) => id !== process.pid)
    .toSorted((a, b) => a - b)
  const named = ids.filter((id) => readFileSync(`${threads}/${id}/comm`, 'utf8').startsWith(NAME))
  return named.length > 0 ? named : ids.slice(FIRST, FIRST + HOW_MANY)
}
