import { isDeepStrictEqual } from 'node:util'
import { formatDuration } from '../config/format-duration.ts'
import { formatAddress } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import type { BackendChanges, ConfigChange } from './config-change.ts'

/** One line for each thing that changed, in the words of the configuration. Shows no secret. */
export function describeChanges(changes: readonly ConfigChange[]): string[] {
  return changes.flatMap(describeChange)
}

/** The lines of a pool's backends. */
export function describeBackends(pool: string, { added, removed, changed, order }: BackendChanges): string[] {
  return [
    ...added.map((spec) => `pool ${pool}: backend ${nameOf(spec)} added`),
    ...removed.map(({ id }) => `pool ${pool}: backend ${id} removed`),
    ...changed.flatMap(({ before, after }) =>
      differences(before, after).map((line) => `pool ${pool}: backend ${after.id}: ${line}`),
    ),
    ...(order === undefined ? [] : [`pool ${pool}: backends are in another order`]),
  ]
}

/** What a restart alone brings. */
export const ONLY_AT_START = ['io', 'faults', 'log', 'pidFile'] as const

function describeChange(change: ConfigChange): string[] {
  switch (change.kind) {
    case 'pool:add':
      return [`pool ${change.pool.name} added with ${count(change.pool.backends.length, 'backend')}`]
    case 'pool:remove':
      return [`pool ${change.pool.name} removed`]
    case 'pool:change': {
      const { before, after, backends } = change
      const settings = differences({ ...before, backends: [] }, { ...after, backends: [] })
      return [
        ...settings.map((line) => `pool ${after.name}: ${line}`),
        ...describeBackends(after.name, backends),
      ]
    }
    case 'listener:add':
      return [`listener ${change.listener.name} added on ${formatAddress(change.listener.address)}`]
    case 'listener:remove':
      return [`listener ${change.listener.name} removed from ${formatAddress(change.listener.address)}`]
    case 'listener:change':
      return differences(change.before, change.after).map((line) => `listener ${change.before.name}: ${line}`)
    case 'order':
      return []
    default:
      return differences(change.before, change.after)
  }
}

function nameOf({ id, address }: BackendSpec): string {
  const where = formatAddress(address)
  return id === where ? id : `${id} (${where})`
}

/** One line a field that differs; of nested settings one each. */
function differences(before: object, after: object): string[] {
  const [was, is] = [before as Fields, after as Fields]
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  return keys
    .filter((key) => !isDeepStrictEqual(was[key], is[key]))
    .flatMap((key) => {
      const [old, now] = [was[key], is[key]]
      if (isPlain(old) && isPlain(now) && OPEN.has(key)) return differences(old, now)
      if (key === 'http') return [now === undefined ? 'mode http is now tcp' : 'mode tcp is now http']
      const name = NAMES[key] ?? key.replace(/(Ms|Bytes)$/, '')
      if (!isShown(key, old) || !isShown(key, now)) return [`${name} changed`]
      return [`${name} ${shown(key, old)} is now ${shown(key, now)}`]
    })
}

type Fields = Readonly<Record<string, unknown>>

/** What the configuration calls it, where that is not our own name without its unit. */
const NAMES: Fields & Readonly<Record<string, string>> = {
  address: 'listen',
  strategy: 'balance',
  strategyFactory: 'balance',
  requestHeadTimeoutMs: 'requestTimeout',
  requestBodyTimeoutMs: 'bodyTimeout',
  responseHeadTimeoutMs: 'responseTimeout',
  maxHeadBytes: 'maxHeadSize',
  maxResponseHeadBytes: 'maxHeadSize of responses',
  maxBodyBytes: 'maxBodySize',
  intervalMs: 'checkInterval',
  timeoutMs: 'checkTimeout',
  kind: 'check',
  probe: 'check',
  port: 'checkPort',
  path: 'checkPath',
  expect: 'checkExpect',
  host: 'checkHost',
  headers: 'checkHeader',
  bodyContains: 'checkBody',
  stickiness: 'sticky',
  tls: 'TLS to backends',
  discovery: 'discover',
  shutdownTimeoutMs: 'shutdown.timeout',
  shutdownDelayMs: 'shutdown.delay',
}

/** Groups whose parts are told one by one. */
const OPEN: ReadonlySet<string> = new Set(['check', 'http'])

function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Set)
}

function isShown(key: string, value: unknown): boolean {
  if (key === 'address') return true
  return value === undefined || ['string', 'number', 'boolean'].includes(typeof value)
}

function shown(key: string, value: unknown): string {
  if (value === undefined) return 'unset'
  if (key === 'address') return formatAddress(value as BackendSpec['address'])
  if (key.endsWith('Ms')) return value === 0 ? '0' : formatDuration(value as number)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
