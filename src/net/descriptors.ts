import { readdirSync, readFileSync, statSync } from 'node:fs'

/** What Linux gives a process where nothing else is set, and a safe guess elsewhere. */
const USUAL_LIMIT = 1024
/** Descriptors that a Node process has open before it does anything. */
const USUAL_OPEN = 24
const MOST_FOR_OPERATORS = 1_284

/** Most descriptors that this process may have open; Infinity where there is no limit. */
export function descriptorLimit(): number {
  try {
    const line = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    if (line === 'unlimited') return Infinity
    return Number(line) || USUAL_LIMIT
  } catch {
    return limitFromReport() // no /proc: not Linux
  }
}

/** Descriptors open right now. */
export function openDescriptors(): number {
  try {
    // Linux 6.2 and later tell the number as the folder's size; before, that is 0.
    return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length
  } catch {
    return USUAL_OPEN // no /proc: not Linux
  }
}

/** Descriptors kept free for operators, who must get in when it counts; a quarter of all where there are few. */
export function operatorDescriptors(limit: number): number {
  return Math.min(MOST_FOR_OPERATORS, Math.floor(limit / 4))
}

/**
 * How many sessions the descriptors allow: two each, after what is open already and a reserve for logs, checks and
 * name look-ups. At least one.
 */
export function sessionsWithin(limits: { limit: number; open: number; reserve: number }): number {
  return Math.max(1, Math.floor((limits.limit - limits.open - limits.reserve) / 2))
}

function limitFromReport(): number {
  const report = process.report?.getReport() as
    { userLimits?: { open_files?: { soft?: unknown } } } | undefined
  const soft = report?.userLimits?.open_files?.soft
  if (soft === 'unlimited') return Infinity
  return Number(soft) || USUAL_LIMIT
}
