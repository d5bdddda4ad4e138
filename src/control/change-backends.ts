import { isDeepStrictEqual } from 'node:util'
import type { Backend, BackendMode, BackendSpec } from '../core/backend.ts'
import type { Pool } from '../pool/pool.ts'
import type { BackendChanges } from './config-change.ts'

export interface BackendsToChange {
  readonly pool: Pool
  readonly add: (spec: BackendSpec) => Backend
  readonly remove: (backend: Backend) => void
  readonly setMode: (backend: Backend, mode: BackendMode) => void
}

/**
 * Changes a running pool's backends. What an operator did at run time stays, where the configuration says nothing new
 * about it: modes always, weights and limits unless they themselves changed, backends that were added or removed by hand.
 */
export function changeBackends(changes: BackendChanges, to: BackendsToChange): void {
  const { added, removed, changed, order } = changes
  const { pool } = to
  for (const { id } of removed) {
    const backend = pool.backends.get(id)
    if (backend !== undefined) to.remove(backend)
  }
  for (const { before, after } of changed) {
    const backend = pool.backends.get(after.id)
    if (backend !== undefined) changeBackend(backend, before, after, to)
  }
  for (const spec of added) {
    const known = pool.backends.get(spec.id)
    // It was added by hand before the configuration had it.
    if (known === undefined) to.add(spec)
    else changeBackend(known, specOf(known), spec, to)
  }
  if (order !== undefined) pool.reorder(order)
}

function changeBackend(
  backend: Backend,
  before: BackendSpec,
  after: BackendSpec,
  to: BackendsToChange,
): void {
  const isElsewhere =
    !isDeepStrictEqual(before.address, after.address) || before.transport !== after.transport
  const same = isElsewhere ? replace(backend, after, to) : backend
  if (before.weight !== after.weight) same.weight = after.weight
  if (before.maxConnections !== after.maxConnections) same.maxConnections = after.maxConnections
  same.backup = after.backup
}

/** Another machine under the old name: nothing that was observed of the old one counts, what was commanded does. */
function replace(old: Backend, spec: BackendSpec, { pool, add, remove, setMode }: BackendsToChange): Backend {
  const ids = [...pool.backends.keys()]
  remove(old)
  const backend = add(spec)
  backend.weight = old.weight
  backend.maxConnections = old.maxConnections
  pool.reorder(ids)
  setMode(backend, old.mode)
  return backend
}

function specOf(backend: Backend): BackendSpec {
  const { id, address, transport, weight, backup, maxConnections } = backend
  return { id, address, transport, weight, backup, maxConnections }
}
