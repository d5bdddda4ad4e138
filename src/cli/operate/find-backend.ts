import { nearestName } from '../../config/nearest-name.ts'
import type { BackendSnapshot } from '../../core/snapshot.ts'
import { UsageError } from '../usage-error.ts'
import type { Status } from './status-view.ts'

export interface FoundBackend {
  readonly pool: string
  readonly backend: BackendSnapshot
}

/**
 * The backend of that id, or `pool/id` where several pools have one.
 *
 * @throws {UsageError} where there is none, or more than one
 */
export function findBackend({ pools }: Status, name: string): FoundBackend {
  const all = pools.flatMap(({ name: pool, backends }) => backends.map((backend) => ({ pool, backend })))
  const found = all.filter(({ pool, backend }) => backend.id === name || `${pool}/${backend.id}` === name)
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  if (first !== undefined) {
    const names = found.map(({ pool, backend }) => `${pool}/${backend.id}`)
    throw new UsageError([`backend ${name} is in several pools: say ${names.join(' or ')}`])
  }
  const names = all.map(({ backend }) => backend.id)
  const nearest = nearestName(name, names)
  const hint =
    nearest === undefined
      ? `there are ${names.slice(0, 20).join(', ') || 'none'}`
      : `did you mean ${nearest}?`
  throw new UsageError([`no backend ${JSON.stringify(name)}; ${hint}`])
}
