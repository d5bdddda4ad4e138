import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { posix } from 'node:path'

/** What keeps count of CPU time in a control group: where such groups lie, and how to read what one of them may take. */
interface Accounts {
  readonly mount: string
  readonly cpusOf: (group: string) => number
}

/** `cpu.max` is `QUOTA PERIOD`, or `max PERIOD`. */
const UNIFIED: Accounts = {
  mount: 'sys/fs/cgroup',
  cpusOf(group) {
    const [quota, period] = read(`${group}/cpu.max`).split(/\s+/)
    return Number(quota) / Number(period)
  },
}

/** Version 1: a quota of -1 is none. */
const OF_CPU_ALONE: Accounts = {
  mount: 'sys/fs/cgroup/cpu',
  cpusOf: (group) => Number(read(`${group}/cpu.cfs_quota_us`)) / Number(read(`${group}/cpu.cfs_period_us`)),
}

/**
 * How many CPUs this process has: those that it may run on, or fewer where its control group has a limit, as that of a
 * container has. May be a fraction: half a CPU is the whole of one for half of the time.
 *
 * @param root where `proc` and `sys` lie
 */
export function grantedCpus(root = '/'): number {
  const limits = groupsOf(read(posix.join(root, 'proc/self/cgroup'))).map(({ accounts, group }) =>
    accounts.cpusOf(posix.join(root, accounts.mount, group)),
  )
  return Math.min(availableParallelism(), ...limits.filter((cpus) => cpus > 0))
}

/** Each that the process is in, those around it too: the narrowest of all holds. */
function groupsOf(text: string): { readonly accounts: Accounts; readonly group: string }[] {
  const found = text.matchAll(/^\d+:([^:]*):(\/.*)$/gm)
  return [...found].flatMap(([, controllers = '', path = '']) => {
    const accounts = controllers === '' ? UNIFIED : OF_CPU_ALONE
    if (controllers !== '' && !controllers.split(',').includes('cpu')) return []
    return withAncestors(posix.normalize(path)).map((group) => ({ accounts, group }))
  })
}

function withAncestors(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...withAncestors(posix.dirname(path))]
}

/** Empty where there is no such file: not every system has control groups, and a container sees but its own. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
