import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

export interface Siege {
  /** The contender's CPU; -1: it may run anywhere. */
  readonly cpu: number
  readonly port: number
  /** Where its admin side listens. */
  readonly admin: { readonly host: string; readonly port: number }
  /** Idle ones, beside the load that is measured. */
  readonly sessions: number
  /** HAProxy's socket for commands. Undefined: the contender is fairlead. */
  readonly haproxySocket?: string
}

/**
 * Besieges a contender's admin side with a process of its own, on another CPU. There the load that is measured runs as
 * well: the siege gets what that leaves of the CPU (a low priority alone would let it finish its turn first), or its own
 * pauses would be measured.
 */
export function laySiege({ cpu, port, admin, sessions, haproxySocket }: Siege): void {
  const program = fileURLToPath(new URL('../load/admin-load.js', import.meta.url))
  const socket = haproxySocket === undefined ? [] : [haproxySocket]
  const load = [
    'chrt',
    '--idle',
    '0',
    process.execPath,
    program,
    port,
    admin.host,
    admin.port,
    sessions,
    ...socket,
  ]
  const pin = cpu < 0 ? [] : ['taskset', '-c', (cpu + 1) % availableParallelism()]
  const [file = '', ...args] = [...pin, ...load].map(String)
  spawn(file, args, { stdio: 'inherit' })
}
