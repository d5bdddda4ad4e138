import * as fc from 'fast-check'
import { resolveOptions } from '../../src/config/resolve.ts'
import type { Config, ListenerConfig, PoolConfig } from '../../src/config/schema.ts'
import type { BackendSpec } from '../../src/core/backend.ts'

/** A whole configuration of one listener `main` and one pool `main`, to make others of. */
const basis = resolveOptions({ listen: '127.0.0.1:0', backends: [1] })
const basisPool = basis.pools[0] as PoolConfig
const basisListener = basis.listeners[0] as ListenerConfig

export function backendSpec(id: string, port: number, more: Partial<BackendSpec> = {}): BackendSpec {
  return {
    id,
    address: { kind: 'tcp', host: '127.0.0.1', port },
    transport: 'plain',
    weight: 1,
    backup: false,
    maxConnections: 0,
    ...more,
  }
}

/** A TCP address; by default on loopback. */
export function at(port: number, host = '127.0.0.1') {
  return { kind: 'tcp', host, port } as const
}

export function poolConfig(name: string, more: Partial<PoolConfig> = {}): PoolConfig {
  return { ...basisPool, name, backends: [], check: { ...basisPool.check, kind: 'off' }, ...more }
}

export function listenerConfig(name: string, more: Partial<ListenerConfig> = {}): ListenerConfig {
  return { ...basisListener, name, ...more }
}

export function configOf(
  listeners: readonly ListenerConfig[],
  pools: readonly PoolConfig[],
  more: Partial<Config> = {},
): Config {
  return { ...basis, ...more, listeners, pools }
}

/** HTTP settings to build listeners with. */
export const httpConfig = resolveOptions({ listen: '127.0.0.1:0', backends: ['http://127.0.0.1:1'] })
  .listeners[0]?.http as NonNullable<ListenerConfig['http']>

const backends = fc
  .uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      port: fc.integer({ min: 1, max: 9 }),
      weight: fc.integer({ min: 0, max: 3 }),
      backup: fc.boolean(),
      maxConnections: fc.integer({ min: 0, max: 2 }),
    }),
    { selector: ({ id }) => id, maxLength: 5 },
  )
  .map((all) => all.map(({ id, port, ...more }) => backendSpec(id, port, more)))

const pools = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('p', 'q', 'r', 's'),
      backends,
      retries: fc.integer({ min: 0, max: 2 }),
      strategy: fc.constantFrom('round-robin', 'first'),
      stickiness: fc.constantFrom({ kind: 'off' } as const, { kind: 'cookie', name: 'x' } as const),
    }),
    { selector: ({ name }) => name, maxLength: 4 },
  )
  .map((all) => all.map(({ name, ...more }) => poolConfig(name, more)))

const listeners = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('l', 'm', 'n', 'o'),
      port: fc.integer({ min: 1, max: 6 }),
      pool: fc.constantFrom('p', 'q', 'r', 's'),
      idleTimeoutMs: fc.constantFrom(1, 2),
      http: fc.option(fc.constant(httpConfig), { nil: undefined }),
    }),
    { selector: ({ name }) => name, maxLength: 4 },
  )
  .map((all) =>
    all.map(({ name, port, ...more }) =>
      listenerConfig(name, { address: { kind: 'tcp', host: '127.0.0.1', port }, ...more }),
    ),
  )

/** Configurations that differ in this and that, not all of which could run. */
export const anyConfig: fc.Arbitrary<Config> = fc
  .record({ listeners, pools, shutdownTimeoutMs: fc.constantFrom(1, 2) })
  .map((parts) => configOf(parts.listeners, parts.pools, { shutdownTimeoutMs: parts.shutdownTimeoutMs }))
