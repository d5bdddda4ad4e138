import { readFileSync, readdirSync } from 'node:fs'

/** `pid` and all processes below it. */
export function processTree(pid: number): number[] {
  const childrenOf = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(name)
    if (parent === undefined) continue
    const siblings = childrenOf.get(parent) ?? []
    childrenOf.set(parent, [...siblings, Number(name)])
  }
  const tree = [pid]
  for (const member of tree) tree.push(...(childrenOf.get(member) ?? []))
  return tree
}

/**
 * Threads that have their share of a CPU like anybody else: neither the process (by its scheduling class) nor the thread
 * (by its niceness) has been put behind others.
 */
export function ordinaryThreads(pids: readonly number[]): number[] {
  return pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`)
      .filter((thread) => {
        const fields = statFields(`/proc/${pid}/task/${thread}/stat`)
        return fields[NICE] === '0' && fields[POLICY] === SCHED_OTHER
      })
      .map(Number),
  )
}

/** Those of `pids` that run `program`, the end of a path that is a word of their command line. */
export function processesOf(pids: readonly number[], program: string): number[] {
  return pids.filter((pid) =>
    readOrEmpty(`/proc/${pid}/cmdline`)
      .split('\0')
      .some((word) => word.endsWith(program)),
  )
}

/** CPU time, user and system, that the processes have used so far, all threads included. */
export function cpuSeconds(pids: readonly number[]): number {
  let total = 0
  for (const pid of pids) total += cpuOfProcess(pid)
  return total
}

/** Resident memory of the processes. Pages that two of them share count twice, so use differences only. */
export function residentBytes(pids: readonly number[]): number {
  let total = 0
  for (const pid of pids) total += residentOfProcess(pid)
  return total
}

/** Whether anybody listens on the TCP port in the network of `pid`. The kernel knows; a connect would be load. */
export function isListening(port: number, pid: number): boolean {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const listening = new RegExp(`^ *\\d+: [0-9A-F]+:${hexPort} \\S+ 0A `, 'm')
  return ['tcp', 'tcp6'].some((table) => listening.test(readOrEmpty(`/proc/${pid}/net/${table}`)))
}

/** How many descriptors a process may open (the soft limit, which Node raises to the hard one at its start). */
export function descriptorLimit(): number {
  const [, limit] = /^Max open files\s+(\S+)/m.exec(readOrEmpty('/proc/self/limits')) ?? []
  return limit === undefined || limit === 'unlimited' ? 1_048_576 : Number(limit)
}

function parentOf(pid: string): number | undefined {
  const parent = statFields(`/proc/${pid}/stat`)[PARENT]
  return parent === undefined ? undefined : Number(parent)
}

/** The unit of CPU times in /proc/PID/stat, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100
export const MS_PER_TICK = 1_000 / TICKS_PER_SECOND

function cpuOfProcess(pid: number): number {
  // schedstat counts nanoseconds; where the kernel was built without it, stat counts ticks of 10 ms.
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`)
    if (text === '') return cpuInTicks(pid) / TICKS_PER_SECOND
    nanoseconds += Number(text.split(' ')[0])
  }
  return nanoseconds / 1e9
}

function cpuInTicks(pid: number): number {
  const fields = statFields(`/proc/${pid}/stat`)
  return Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])
}

// As proc_pid_stat(5) numbers them, less three: an index, and behind the name.
const PARENT = 4 - 3
const USER_TICKS = 14 - 3
const SYSTEM_TICKS = 15 - 3
const NICE = 19 - 3
const POLICY = 41 - 3
const SCHED_OTHER = '0'

/** What follows the process' name, which may hold spaces and parentheses itself. */
function statFields(file: string): string[] {
  const stat = readOrEmpty(file)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function residentOfProcess(pid: number): number {
  // smaps_rollup is exact; the counters behind statm and status may lag by some pages a CPU.
  const [, kib] = /^Rss:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`)) ?? []
  if (kib !== undefined) return Number(kib) * 1024
  const [, statusKib] = /^VmRSS:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/status`)) ?? []
  return Number(statusKib ?? NaN) * 1024
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process or the thread is gone, or the kernel does not have the file
  }
}
