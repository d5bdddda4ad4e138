import { nearestName } from '../../config/nearest-name.ts'
import type { BackendSnapshot } from '../../core/snapshot.ts'
import { UsageError } from '../usage-error.ts'
import type { Status } from './ask-status.ts'

export interface FoundBackend {
  readonly pool: string
  readonly backend: BackendSnapshot
  /** Its id, with its pool where there are several. */
  readonly shown: string
}

const MOST_NAMES = 20

/**
 * The backend of that id, or `pool/id` where several pools have one. Ids may have slashes: a `pool/id` means no other.
 *
 * @throws {UsageError} where there is none, or more than one
 */
export function findBackend({ pools }: Status, name: string): FoundBackend {
  const all = pools.flatMap(({ name: pool, backends }) =>
    backends.map((backend) => ({
      pool,
      backend,
      shown: pools.length === 1 ? backend.id : `${pool}/${backend.id}`,
    })),
  )
  const full = all.find(({ pool, backend }) => `${pool}/${backend.id}` === name)
  if (full !== undefined) return full
  const found = all.filter(({ backend }) => backend.id === name)
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  if (first !== undefined) {
    const names = found.map(({ shown }) => shown)
    throw new UsageError([`backend ${name} is in several pools: say ${names.join(' or ')}`])
  }
  throw new UsageError([`no backend ${JSON.stringify(name)}; ${hint(name, all)}`])
}

function hint(name: string, all: readonly FoundBackend[]): string {
  const names = all.map(({ shown }) => shown)
  const nearest = nearestName(name, [...names, ...all.map(({ backend }) => backend.id)])
  if (nearest !== undefined) return `did you mean ${nearest}?`
  if (names.length === 0) return 'there are none'
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''
  return `there are ${names.slice(0, MOST_NAMES).join(', ')}${more}`
}
