import type { BackendSnapshot, PoolSnapshot } from '../../core/snapshot.ts'
import type { Status } from '../status.ts'
import type { Changed } from './api.ts'

/** A name for a backend that no other has, in whichever pool. */
export function keyOf(pool: string, backend: string): string {
  return `${pool}/${backend}`
}

/** The same moment with one backend as it was changed, until the next snapshot comes. One that knows more stays as it is. */
export function withChanged(status: Status, { pool, backend, version }: Changed): Status {
  if (version <= status.version) return status
  const pools = status.pools.map((one) => {
    if (one.name !== pool) return one
    return { ...one, backends: one.backends.map((other) => (other.id === backend.id ? backend : other)) }
  })
  return { ...status, pools, version }
}

/** Requests in HTTP mode, sessions in TCP mode, since the start. */
export function handledBy({ requests, sessions }: BackendSnapshot): number {
  return requests === undefined ? sessions : sum(requests.answers) + requests.failed
}

/** What went wrong at a backend, since the start: failed connects, broken answers and those with a 5xx. */
export function errorsOf({ requests, connectFailures }: BackendSnapshot): number {
  return connectFailures + (requests === undefined ? 0 : requests.failed + (requests.answers['5xx'] ?? 0))
}

/** What a pool counts. */
export function unitOf({ modes }: PoolSnapshot): 'request' | 'session' {
  return modes.includes('http') ? 'request' : 'session'
}

function sum(counts: Readonly<Record<string, number>>): number {
  let total = 0
  for (const name in counts) total += counts[name] as number
  return total
}
