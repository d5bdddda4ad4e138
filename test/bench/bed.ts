import type { Child } from './child.ts'
import type { Contender } from './contender.ts'
import type { WebBackends } from './load/web.ts'
import type { Network } from './network.ts'
import { cpuSeconds, processTree } from './proc.ts'
import type { Workspace } from './workspace.ts'

/** Where one measurement of one contender takes place. */
export interface Bed {
  readonly workspace: Workspace
  /** Undefined: no balancer at all, the load goes straight to the backend. */
  readonly contender: Contender | undefined
  readonly contenderCpu: number
  readonly loadCpu: number
  readonly web: WebBackends
  readonly timing: Timing
  /** Sessions of the memory figures. */
  readonly pairs: number
}

/** How long a load runs before and while it is measured; wrk and iperf3 count in whole seconds. */
export interface Timing {
  readonly warmUpSeconds: number
  readonly measureSeconds: number
}

/** Names and values of the figures that a measurement gives. */
export type Figures = Readonly<Record<string, number>>

export interface Running {
  readonly port: number
  /** The contender's process ids; a worker counts too. Empty when there is no contender. */
  pids(): readonly number[]
}

/**
 * Starts the bed's contender before `backendPorts`, hands it to `use` and ends it. Each measurement gets a
 * process of its own, so that none inherits another's heap, caches or compiled code.
 */
export async function withContender<T>(
  bed: Bed,
  backendPorts: readonly number[],
  use: (running: Running) => Promise<T>,
  network?: Network,
): Promise<T> {
  const { workspace, contender } = bed
  const [direct = 0] = backendPorts
  if (contender === undefined) return use({ port: direct, pids: () => [] })
  const port = await workspace.freePort()
  let child: Child | undefined
  try {
    const place = { cpu: bed.contenderCpu, network }
    child = contender.start({ workspace, port, backendPorts, place, sessions: bed.pairs + SPARE_SESSIONS })
    const { pid } = child
    await child.listening(port)
    await contender.settled?.(child)
    const result = await use({ port, pids: () => processTree(pid) })
    if (!child.isRunning) throw new Error(`${contender.title} ended amid the measurement`)
    return result
  } finally {
    await child?.stop()
  }
}

/** Sessions that a contender must hold beyond the pairs: those of the warm-up may still be closing. */
const SPARE_SESSIONS = 256

/** CPU time that the contender uses while `work` goes on, with what `work` gave. */
export async function cpuOf<T>(
  running: Running,
  work: () => Promise<T>,
): Promise<{ seconds: number; result: T }> {
  const pids = running.pids()
  const before = cpuSeconds(pids)
  const result = await work()
  return { seconds: cpuSeconds(pids) - before, result }
}
