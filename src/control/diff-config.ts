import { isDeepStrictEqual } from 'node:util'
import type { Config, ListenerConfig, PoolConfig } from '../config/schema.ts'
import { formatAddress } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import type { BackendChanges, ConfigChange, ProcessConfig } from './config-change.ts'

/**
 * What must be done to `before` to make `after` of it: nothing for what is equal. `applyChanges` is its inverse.
 * Functions (strategies and probes of a user's) are equal only where they are the same one.
 */
export function diffConfig(before: Config, after: Config): readonly ConfigChange[] {
  const changes = [...diffPools(before.pools, after.pools), ...diffListeners(before, after)]
  const order = diffOrder(before, after, changes)
  if (order !== undefined) changes.push(order)
  const [processBefore, processAfter] = [processOf(before), processOf(after)]
  if (!isDeepStrictEqual(processBefore, processAfter)) {
    changes.push({ kind: 'process:change', before: processBefore, after: processAfter })
  }
  return changes
}

export function diffBackends(
  before: readonly BackendSpec[],
  after: readonly BackendSpec[],
): BackendChanges | undefined {
  const was = new Map(before.map((spec) => [spec.id, spec]))
  const is = new Map(after.map((spec) => [spec.id, spec]))
  const added = after.filter(({ id }) => !was.has(id))
  const removed = before.filter(({ id }) => !is.has(id))
  const changed = after.flatMap((spec) => {
    const old = was.get(spec.id)
    return old === undefined || isDeepStrictEqual(old, spec) ? [] : [{ before: old, after: spec }]
  })
  // What is added goes to the end, unless the new list has it elsewhere.
  const appended = [...before.filter(({ id }) => is.has(id)), ...added].map(({ id }) => id)
  const wanted = after.map(({ id }) => id)
  const order = isDeepStrictEqual(appended, wanted) ? undefined : wanted
  if (added.length + removed.length + changed.length === 0 && order === undefined) return undefined
  return { added, removed, changed, order }
}

export function processOf({ listeners: _listeners, pools: _pools, ...rest }: Config): ProcessConfig {
  return rest
}

function diffPools(before: readonly PoolConfig[], after: readonly PoolConfig[]): ConfigChange[] {
  const was = new Map(before.map((pool) => [pool.name, pool]))
  const is = new Set(after.map(({ name }) => name))
  const removed = before.filter(({ name }) => !is.has(name))
  const rest = after.flatMap((pool): ConfigChange[] => {
    const old = was.get(pool.name)
    return old === undefined ? [{ kind: 'pool:add', pool }] : diffPool(old, pool)
  })
  return [...rest, ...removed.map((pool): ConfigChange => ({ kind: 'pool:remove', pool }))]
}

function diffPool(before: PoolConfig, after: PoolConfig): ConfigChange[] {
  const hasNewSettings = !isDeepStrictEqual({ ...before, backends: [] }, { ...after, backends: [] })
  const backends = diffBackends(before.backends, after.backends)
  if (!hasNewSettings && backends === undefined) return []
  return [{ kind: 'pool:change', before, after, hasNewSettings, backends: backends ?? NONE }]
}

const NONE: BackendChanges = { added: [], removed: [], changed: [], order: undefined }

function diffListeners(before: Config, after: Config): ConfigChange[] {
  const pairs = pairListeners(before.listeners, after.listeners)
  const kept = new Set(pairs.values())
  const removed = before.listeners.filter((listener) => !kept.has(listener))
  const rest = after.listeners.flatMap((listener): ConfigChange[] => {
    const old = pairs.get(listener)
    if (old === undefined) return [{ kind: 'listener:add', listener }]
    if (isDeepStrictEqual(old, listener)) return []
    const isMoved = !isDeepStrictEqual(old.address, listener.address)
    return [{ kind: 'listener:change', before: old, after: listener, isMoved }]
  })
  return [...rest, ...removed.map((listener): ConfigChange => ({ kind: 'listener:remove', listener }))]
}

/** New ones with the old ones that they continue: those of the same name first, then renamed ones at the same address. */
function pairListeners(
  before: readonly ListenerConfig[],
  after: readonly ListenerConfig[],
): Map<ListenerConfig, ListenerConfig> {
  const byName = new Map(before.map((listener) => [listener.name, listener]))
  const pairs = new Map<ListenerConfig, ListenerConfig>()
  for (const listener of after) {
    const old = byName.get(listener.name)
    if (old !== undefined) pairs.set(listener, old)
  }
  const taken = new Set(pairs.values())
  const byAddress = new Map(
    before
      .filter((listener) => !taken.has(listener))
      .map((listener) => [formatAddress(listener.address), listener]),
  )
  for (const listener of after) {
    const old = pairs.has(listener) ? undefined : byAddress.get(formatAddress(listener.address))
    if (old !== undefined) pairs.set(listener, old)
    if (old !== undefined) byAddress.delete(formatAddress(listener.address))
  }
  return pairs
}

function diffOrder(
  before: Config,
  after: Config,
  changes: readonly ConfigChange[],
): ConfigChange | undefined {
  const added = (kind: 'pool:add' | 'listener:add'): string[] =>
    changes.flatMap((change) => {
      if (change.kind !== kind) return []
      return [change.kind === 'pool:add' ? change.pool.name : change.listener.name]
    })
  const renamed = new Map(
    changes.flatMap((change) =>
      change.kind === 'listener:change' ? [[change.before.name, change.after.name]] : [],
    ),
  )
  const pools = after.pools.map(({ name }) => name)
  const listeners = after.listeners.map(({ name }) => name)
  const samePools = isDeepStrictEqual(
    [...before.pools.map(({ name }) => name).filter((name) => pools.includes(name)), ...added('pool:add')],
    pools,
  )
  const removed = new Set(
    changes.flatMap((change) => (change.kind === 'listener:remove' ? [change.listener] : [])),
  )
  const kept = before.listeners.filter((listener) => !removed.has(listener))
  const sameListeners = isDeepStrictEqual(
    [...kept.map(({ name }) => renamed.get(name) ?? name), ...added('listener:add')],
    listeners,
  )
  return samePools && sameListeners ? undefined : { kind: 'order', pools, listeners }
}
