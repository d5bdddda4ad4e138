import { isDeepStrictEqual } from 'node:util'
import type { Config, ListenerConfig, PoolConfig } from '../config/schema.ts'
import type { Address } from '../core/address.ts'
import { ForwardHttp } from '../handlers/http/forward-http.ts'
import { overlaps } from './address-overlap.ts'
import type { ConfigChange } from './config-change.ts'
import type { DataPlane, PoolOf } from './data-plane.ts'
import type { BoundServer, Listener, ListenerRules } from './listener.ts'
import type { ManagedPool } from './managed-pool.ts'
import { wheelResolution } from './wheel-resolution.ts'

/** Why a reload is refused at the end of all. */
export const STOPPING = 'the balancer is stopping'

/**
 * Makes the running parts follow from the configuration `before` to `after`, in three steps of which only the last
 * changes anything: everything that may fail for a bad value is made; new addresses are listened on; then the rest,
 * which cannot fail, is done in one go. What is equal in both is not touched.
 *
 * @throws whatever the first two steps threw, with everything as it was: a {@link ListenError}, the error of a strategy
 * of the user's, ...
 */
export async function applyToDataPlane(
  plane: DataPlane,
  change: {
    readonly before: Config
    readonly after: Config
    readonly changes: readonly ConfigChange[]
    /** Ends the wait for the first answers of discovery, and with it the reload. */
    readonly stopping: AbortSignal
  },
): Promise<void> {
  const { before, after, changes, stopping } = change
  const newPools = new Map(
    changes.flatMap((each) =>
      each.kind === 'pool:add' ? [[each.pool.name, plane.makePool(each.pool)]] : [],
    ),
  )
  try {
    const configs = new Map(after.pools.map((pool) => [pool.name, pool]))
    const poolOf: PoolOf = (name) => ({
      managed: newPools.get(name) ?? (plane.poolNamed(name) as ManagedPool),
      config: configs.get(name) as PoolConfig,
    })
    const parts = prepare(plane, { before, after, changes, poolOf })
    await plane.discover([...newPools.values()], stopping)
    if (stopping.aborted) throw new Error(STOPPING)
    await rebind(parts.bindings, { leaving: parts.leaving }).catch((error: unknown) => {
      // Those of them that are new may have accepted already.
      const known = new Set(plane.listeners)
      for (const { listener } of parts.bindings) if (!known.has(listener)) plane.retireListener(listener)
      throw error
    })
    commit(plane, { after, changes, newPools, parts })
  } catch (error) {
    for (const managed of newPools.values()) managed.close()
    throw error
  }
}

/** A listener that must listen on an address; `bound` is set once it does. */
interface Binding {
  readonly listener: Listener
  readonly address: Address
  bound?: BoundServer
}

interface Parts {
  /** Each changes one thing, and none can fail. */
  readonly commits: readonly (() => void)[]
  readonly bindings: readonly Binding[]
  /** Those that will not be at their address any more. */
  readonly leaving: readonly Listener[]
  /** The listeners of the new configuration by name. */
  readonly listeners: ReadonlyMap<string, Listener>
}

function prepare(
  plane: DataPlane,
  change: { before: Config; after: Config; changes: readonly ConfigChange[]; poolOf: PoolOf },
): Parts {
  const { before, after, changes, poolOf } = change
  const running = new Map(plane.listeners.map((listener) => [listener.config.name, listener]))
  const commits: (() => void)[] = []
  const bindings: Binding[] = []
  const leaving: Listener[] = []
  const share = plane.affordableSessions(after)
  const next = new Map<string, Listener>()
  const restuck = new Set(changes.flatMap((each) => (isRestuck(each) ? [each.after.name] : [])))
  for (const each of changes) {
    if (each.kind === 'pool:change') commits.push(preparePool(poolOf(each.after.name).managed, each.after))
    else if (each.kind === 'listener:add') {
      const listener = plane.makeListener(each.listener, share, poolOf)
      next.set(each.listener.name, listener)
      bindings.push({ listener, address: each.listener.address })
    } else if (each.kind === 'listener:remove') {
      leaving.push(running.get(each.listener.name) as Listener)
    } else if (each.kind === 'listener:change') {
      const listener = running.get(each.before.name) as Listener
      next.set(each.after.name, listener)
      commits.push(prepareListener(plane, { listener, config: each.after, share, poolOf }))
      if (!listener.isOpen || (each.isMoved && !isThere(listener, each, after.listeners))) {
        bindings.push({ listener, address: each.after.address })
        leaving.push(listener)
      }
    }
  }
  for (const config of after.listeners) {
    if (next.has(config.name)) continue
    const listener = running.get(config.name) as Listener
    next.set(config.name, listener)
    // A reload that failed could not give it its address back.
    if (!listener.isOpen) bindings.push({ listener, address: config.address })
    // Its own part is equal, but what it knows of its pools, or its share of the descriptors, is not.
    const isAffected = poolsOf(config).some((pool) => restuck.has(pool))
    const hasShare = config.maxConnections === undefined && before.listeners.length !== after.listeners.length
    if (isAffected || hasShare) commits.push(prepareListener(plane, { listener, config, share, poolOf }))
  }
  return { commits, bindings, leaving, listeners: next }
}

/**
 * Whether a listener that is open need not move to its new address: that is the port which 0 had become, or 0, which any
 * port will do for that no other asks for. To bind it anew would reset who waits there to be accepted.
 */
function isThere(
  { address: bound, isInherited }: Listener,
  { before, after }: Extract<ConfigChange, { kind: 'listener:change' }>,
  listeners: readonly ListenerConfig[],
): boolean {
  const { address } = after
  if (bound.kind === 'unix' || address.kind === 'unix') return isDeepStrictEqual(bound, address)
  // A name was looked up when it was bound. What was inherited may listen anywhere.
  const hosts = [bound.host, !isInherited && before.address.kind === 'tcp' ? before.address.host : undefined]
  if (!hosts.includes(address.host)) return false
  if (address.port !== 0) return address.port === bound.port
  return !listeners.some((other) => other !== after && overlaps(other.address, bound))
}

/** Routes hold on to how a pool keeps its clients. */
function isRestuck(change: ConfigChange): change is Extract<ConfigChange, { kind: 'pool:change' }> {
  return (
    change.kind === 'pool:change' && !isDeepStrictEqual(change.before.stickiness, change.after.stickiness)
  )
}

function poolsOf({ pool, http }: ListenerConfig): readonly string[] {
  return [pool, ...(http?.routes.map((route) => route.pool) ?? [])]
}

function preparePool(managed: ManagedPool, config: PoolConfig): () => void {
  const apply = managed.prepare(config)
  return () => {
    apply()
    // Where they are discovered now, those that were written out serve until the first answer.
    if (config.discovery === undefined) managed.applyBackends(config.backends)
  }
}

function prepareListener(
  plane: DataPlane,
  to: { listener: Listener; config: ListenerConfig; share: number; poolOf: PoolOf },
): () => void {
  const { listener, config, share, poolOf } = to
  const maxConnections = config.maxConnections ?? share
  const { handler } = listener
  if (config.http !== undefined && handler instanceof ForwardHttp) {
    // In place, so that connections that are kept alive go by the new rules as well.
    const apply = handler.prepare(plane.httpOptions(config, poolOf))
    const rules: ListenerRules = { config, maxConnections, handler }
    return () => {
      apply()
      listener.configure(rules)
    }
  }
  const rules: ListenerRules = { config, maxConnections, handler: plane.makeHandler(config, poolOf) }
  return () => listener.configure(rules)
}

/**
 * Listens on all new addresses, or on none. An address that one of ours holds back is let go for a moment first; where
 * that was in vain it is taken again.
 */
async function rebind(
  bindings: readonly Binding[],
  { leaving }: { leaving: readonly Listener[] },
): Promise<void> {
  // Not where the service manager holds the address as well: it would not become free, and we could not take it again.
  const inTheWay = leaving.filter(
    (listener) =>
      !listener.isInherited && bindings.some(({ address }) => overlaps(listener.address, address)),
  )
  for (const listener of inTheWay) listener.closeServer()
  try {
    for (const binding of bindings) binding.bound = await binding.listener.bind(binding.address)
  } catch (error) {
    for (const { bound } of bindings) bound?.server.close()
    const lost: string[] = []
    for (const listener of inTheWay) {
      await listener.reopen().catch(({ message }: Error) => {
        lost.push(`listener ${listener.name} does not listen any more until a reload succeeds: ${message}`)
      })
    }
    if (lost.length > 0) throw new Error([(error as Error).message, ...lost].join('\n'), { cause: error })
    throw error
  }
}

function commit(
  plane: DataPlane,
  to: {
    after: Config
    changes: readonly ConfigChange[]
    newPools: ReadonlyMap<string, ManagedPool>
    parts: Parts
  },
): void {
  const { after, changes, newPools, parts } = to
  const oldPools = new Map(plane.pools.map((managed) => [managed.pool.name, managed]))
  for (const apply of parts.commits) apply()
  plane.pools = after.pools.map(({ name }) => (newPools.get(name) ?? oldPools.get(name)) as ManagedPool)
  plane.listeners = after.listeners.map(({ name }) => parts.listeners.get(name) as Listener)
  plane.wheel.setResolution(wheelResolution(after))
  for (const { listener, bound } of parts.bindings) if (bound !== undefined) listener.take(bound)
  const kept = new Set(plane.listeners)
  for (const listener of parts.leaving) if (!kept.has(listener)) plane.retireListener(listener)
  for (const managed of newPools.values()) managed.start()
  for (const change of changes) {
    const managed = change.kind === 'pool:remove' ? oldPools.get(change.pool.name) : undefined
    if (managed !== undefined) plane.retirePool(managed)
  }
}
