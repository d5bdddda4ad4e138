import type { Config, ListenerConfig, PoolConfig } from '../config/schema.ts'
import type { BackendSpec } from '../core/backend.ts'
import type { BackendChanges, ConfigChange } from './config-change.ts'

/** The configuration that comes of `config` by `changes`. Pure; the running parts follow the same changes. */
export function applyChanges(config: Config, changes: readonly ConfigChange[]): Config {
  return changes.reduce(applyChange, config)
}

export function applyBackendChanges(
  before: readonly BackendSpec[],
  { added, removed, changed, order }: BackendChanges,
): readonly BackendSpec[] {
  const gone = new Set(removed.map(({ id }) => id))
  const changedById = new Map(changed.map(({ after }) => [after.id, after]))
  const stayed = before.filter(({ id }) => !gone.has(id)).map((spec) => changedById.get(spec.id) ?? spec)
  return inOrder([...stayed, ...added], order, ({ id }) => id)
}

function applyChange(config: Config, change: ConfigChange): Config {
  const { listeners, pools } = config
  switch (change.kind) {
    case 'pool:add':
      return { ...config, pools: [...pools, change.pool] }
    case 'pool:remove':
      return { ...config, pools: pools.filter(({ name }) => name !== change.pool.name) }
    case 'pool:change':
      return {
        ...config,
        pools: pools.map((pool) => (pool.name === change.before.name ? changedPool(pool, change) : pool)),
      }
    case 'listener:add':
      return { ...config, listeners: [...listeners, change.listener] }
    case 'listener:remove':
      return { ...config, listeners: listeners.filter(({ name }) => name !== change.listener.name) }
    case 'listener:change':
      return { ...config, listeners: listeners.map((each) => (each === change.before ? change.after : each)) }
    case 'order':
      return {
        ...config,
        pools: inOrder<PoolConfig>(pools, change.pools, ({ name }) => name),
        listeners: inOrder<ListenerConfig>(listeners, change.listeners, ({ name }) => name),
      }
    default:
      return { ...change.after, listeners, pools }
  }
}

function changedPool(
  pool: PoolConfig,
  { after, backends }: { after: PoolConfig; backends: BackendChanges },
): PoolConfig {
  return { ...after, backends: applyBackendChanges(pool.backends, backends) }
}

function inOrder<T>(
  items: readonly T[],
  order: readonly string[] | undefined,
  nameOf: (item: T) => string,
): readonly T[] {
  if (order === undefined) return items
  const byName = new Map(items.map((item) => [nameOf(item), item]))
  return order.flatMap((name) => byName.get(name) ?? [])
}
