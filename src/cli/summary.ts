import { checkInWords } from './check-in-words.ts'
import type { Config, DiscoveryConfig, ListenerConfig, PoolConfig } from '../config/schema.ts'
import { formatAddress } from '../core/address.ts'

/** What a configuration would run, as far as people ask. */
export interface Summary {
  readonly listeners: readonly {
    readonly name: string
    readonly mode: 'tcp' | 'http'
    readonly address: string
    /** Where it leads: `pool web`, or one line a route. */
    readonly leadsTo: readonly string[]
  }[]
  readonly pools: readonly {
    readonly name: string
    readonly strategy: string
    /** `2 backends, 1 backup`, `from DNS app.internal:8080` */
    readonly backends: string
    readonly check: string
  }[]
  /** undefined = none. */
  readonly admin: string | undefined
  /** Faults on purpose: `may be added`, or which there are; undefined = none, ever. */
  readonly faults: string | undefined
}

export function summaryOf({ listeners, pools, admin, faults }: Config): Summary {
  return {
    listeners: listeners.map((listener) => ({
      name: listener.name,
      mode: listener.http === undefined ? 'tcp' : 'http',
      address: formatAddress(listener.address),
      leadsTo: leadsTo(listener),
    })),
    pools: pools.map((pool) => ({
      name: pool.name,
      strategy: pool.strategy,
      backends: backendsOf(pool),
      check: checkInWords(pool.check),
    })),
    admin:
      admin === undefined
        ? undefined
        : `${formatAddress(admin.address)}, ${admin.token === undefined ? 'no token' : 'with a token'}`,
    faults: faultsIn(faults),
  }
}

/** For people: columns, one line each. */
export function summaryText(file: string, { listeners, pools, admin, faults }: Summary): string {
  const listenerRows = listeners.flatMap(({ name, mode, address, leadsTo: ways }) =>
    ways.map((way, i) => (i === 0 ? [name, mode, address, way] : ['', '', '', way])),
  )
  const poolRows = pools.map(({ name, strategy, backends, check }) => [
    name,
    strategy,
    backends,
    check === 'off' ? 'no checks' : `check ${check}`,
  ])
  return [
    `${file} is good`,
    '',
    'listeners',
    ...columns(listenerRows),
    'pools',
    ...columns(poolRows),
    ...(admin === undefined ? [] : [`admin on ${admin}`]),
    ...(faults === undefined ? [] : [`faults on purpose: ${faults}`]),
    '',
  ].join('\n')
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
}

function leadsTo({ pool, http }: ListenerConfig): string[] {
  const routes = http?.routes ?? []
  if (routes.length === 0) return [`to ${pool}`]
  return routes.map(({ host = '', path, pool: name }) => `${host}${path} to ${name}`)
}

function backendsOf({ backends, discovery }: PoolConfig): string {
  const backups = backends.filter(({ backup }) => backup).length
  const regular = backends.length - backups
  const counts = [
    ...(regular > 0 || discovery === undefined ? [regular === 1 ? '1 backend' : `${regular} backends`] : []),
    ...(backups === 0 ? [] : [backups === 1 ? '1 backup' : `${backups} backups`]),
    ...(discovery === undefined ? [] : [sourceOf(discovery)]),
  ]
  return counts.join(', ')
}

function faultsIn(faults: Config['faults']): string | undefined {
  if (faults === false) return undefined
  if (faults.length === 0) return 'may be added'
  return faults.map(({ type, name }) => (name === undefined ? type : `${name} (${type})`)).join(', ')
}

function sourceOf(discovery: DiscoveryConfig): string {
  if (discovery.kind === 'file') return `from file ${discovery.path}`
  if (discovery.records === 'srv') return `from SRV ${discovery.name}`
  return `from DNS ${formatAddress({ kind: 'tcp', host: discovery.name, port: discovery.port })}`
}
