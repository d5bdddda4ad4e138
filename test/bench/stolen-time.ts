import { readFileSync } from 'node:fs'
import { MS_PER_TICK } from './proc.ts'

/** A latency is that of the host rather than the contender's where so much of a second went. */
const MUCH_MS = 50
const LOOK_MS = 1_000

/**
 * Watches how long the host of a virtual machine kept `cpus` to itself while `work` goes on, second by second. `tell` gets
 * a line where that was long enough to be seen in a latency: nothing else tells such a round from a contender's fault.
 */
export async function watchStolenTime<T>(
  { cpus, tell }: { readonly cpus: readonly number[]; readonly tell: (line: string) => void },
  work: () => Promise<T>,
): Promise<T> {
  const look = (): number[] => stolenMs(readFileSync('/proc/stat', 'utf8'), cpus)
  const seconds: number[] = []
  let last = look()
  const lookAgain = (): void => {
    const now = look()
    seconds.push(Math.max(...now.map((ms, i) => ms - (last[i] ?? 0))))
    last = now
  }
  const timer = setInterval(lookAgain, LOOK_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    lookAgain()
    const much = seconds.filter((ms) => ms >= MUCH_MS)
    if (much.length > 0)
      tell(`the host took ${MUCH_MS} ms or more of ${much.length} seconds, at worst ${Math.max(...much)} ms`)
  }
}

/** Of each CPU, since the machine booted; 0 where the kernel does not tell. From /proc/stat. */
export function stolenMs(stat: string, cpus: readonly number[]): number[] {
  return cpus.map((cpu) => {
    const fields = new RegExp(`^cpu${cpu} (.*)$`, 'm').exec(stat)?.[1]?.split(' ') ?? []
    return Number(fields[STEAL] ?? 0) * MS_PER_TICK
  })
}

/** user, nice, system, idle, iowait, irq, softirq, steal */
const STEAL = 7
