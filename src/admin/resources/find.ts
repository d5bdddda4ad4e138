import type { PassingPool } from '../../control/take-snapshot.ts'
import type { BackendSnapshot, Snapshot } from '../../core/snapshot.ts'
import type { ControlPort } from '../../control/port.ts'
import type { ApiError } from '../api-error.ts'
import { notFound } from '../api-error.ts'

type Path = Readonly<Record<string, string>>

/** @throws {ApiError} 404 where there is no such pool */
export function assertPool({ config }: ControlPort, { pool = '' }: Path): void {
  const names = config.pools.map(({ name }) => name)
  if (!names.includes(pool)) throw noPool(names)
}

/** @throws {ApiError} 404 */
export function findPool<P extends PassingPool>(
  snapshot: { readonly pools: readonly P[] },
  { pool = '' }: Path,
): P {
  const found = snapshot.pools.find(({ name }) => name === pool)
  if (found !== undefined) return found
  throw noPool(snapshot.pools.map(({ name }) => name))
}

/** @throws {ApiError} 404 */
export function findBackend(snapshot: Snapshot, path: Path): BackendSnapshot {
  const pool = findPool(snapshot, path)
  const found = pool.backends.find(({ id }) => id === path['backend'])
  if (found !== undefined) return found
  throw notFound(
    `no such backend in pool ${pool.name}; there are: ${list(pool.backends.map(({ id }) => id))}`,
  )
}

/** As the control port knows a backend, whatever the number of pools. */
export function controlId({ pool = '', backend = '' }: Path): string {
  return `${pool}/${backend}`
}

function noPool(names: readonly string[]): ApiError {
  return notFound(`no such pool; there are: ${list(names)}`)
}

const MOST_LISTED = 20

function list(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const more = names.length > MOST_LISTED ? `, and ${names.length - MOST_LISTED} more` : ''
  return `${names.slice(0, MOST_LISTED).join(', ')}${more}`
}
