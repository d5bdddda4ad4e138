import type { BackendSnapshot, Snapshot } from '../core/snapshot.ts'
import { escapeText } from './escape-text.ts'
import { humanMs } from './human.ts'
import type { Paint } from './paint.ts'

export interface BannerFacts {
  readonly version: string
  readonly snapshot: Snapshot
  /** How the backends of each pool are checked, by its name. */
  readonly checks: ReadonlyMap<string, BannerCheck>
  /** Where operators look in: `http://127.0.0.1:8090`; undefined = nowhere. */
  readonly dashboard: string | undefined
  /** What to do next, line by line. */
  readonly hints: readonly string[]
}

export interface BannerCheck {
  /** `tcp, every 2s` */
  readonly text: string
  readonly isOff: boolean
}

/** What a start shows on a terminal: where it listens, how it balances, who works and how they are. */
export function formatBanner(facts: BannerFacts, paint: Paint): string {
  const lines = ['', `${paint('bold', 'fairlead')} ${paint('dim', facts.version)}`, '']
  const row = (label: string, value: string): void => {
    lines.push(`  ${paint('dim', label.padEnd(LABEL_WIDTH))}${value}`)
  }
  const { listeners } = facts.snapshot
  for (const { address, mode, pool } of listeners) {
    const where = paint('bold', humanListen(address))
    row('listening on', listeners.length === 1 ? where : `${where}, ${mode}, to ${escapeText(pool)}`)
  }
  if (facts.dashboard !== undefined) row('dashboard', paint('bold', escapeText(facts.dashboard)))
  const [only] = listeners
  if (only !== undefined && listeners.length === 1) row('mode', MODES[only.mode])
  const { pools } = facts.snapshot
  for (const pool of pools) {
    const { text = '', isOff: checksOff = true } = facts.checks.get(pool.name) ?? {}
    if (pools.length > 1) row('', '')
    if (pools.length > 1) row('pool', paint('bold', escapeText(pool.name)))
    row('strategy', pool.strategy)
    row('checks', text)
    const widths = columnWidths(pool.backends)
    pool.backends.forEach((backend, i) => {
      row(i === 0 ? 'backends' : '', backendLine(backend, { widths, paint, checksOff }))
    })
    if (pool.backends.length === 0) row('backends', paint('yellow', 'none'))
  }
  lines.push('', ...facts.hints.map((hint) => hintLine(hint, paint)))
  return `${lines.join('\n')}\n\n`
}

const MODES = { tcp: 'tcp, connection by connection', http: 'http, request by request' } as const

/** Commands to type stand out from the remark behind them. */
function hintLine(hint: string, paint: Paint): string {
  if (hint === '') return ''
  const remark = hint.indexOf('#')
  return remark === -1 ? `  ${hint}` : `  ${hint.slice(0, remark)}${paint('dim', hint.slice(remark))}`
}

const LABEL_WIDTH = 14

/** `[::]:8080` tells few people that it means every address. */
function humanListen(address: string): string {
  const any = /^(?:\[::\]|0\.0\.0\.0):(\d+)$/.exec(address)
  return any === null ? escapeText(address) : `port ${any[1]}, all interfaces`
}

interface Widths {
  readonly id: number
  readonly address: number
}

function columnWidths(backends: readonly BackendSnapshot[]): Widths {
  const named = backends.filter(({ id, address }) => id !== address)
  return {
    id: Math.max(0, ...backends.map(({ id }) => id.length)),
    address: Math.max(0, ...named.map(({ address }) => escapeText(address).length)),
  }
}

function backendLine(
  backend: BackendSnapshot,
  options: { readonly widths: Widths; readonly paint: Paint; readonly checksOff: boolean },
): string {
  const { widths, paint } = options
  const health = healthOf(backend, options.checksOff)
  const address = backend.id === backend.address ? '' : escapeText(backend.address)
  const columns = [
    paint(health.color, '●'),
    backend.id.padEnd(widths.id),
    ...(widths.address === 0 ? [] : [paint('dim', address.padEnd(widths.address))]),
    ` ${paint(health.color, health.text)}`,
  ]
  if (backend.weight !== 1) columns.push(paint('dim', ` weight ${backend.weight}`))
  if (backend.backup) columns.push(paint('dim', ' backup'))
  return columns.join(' ')
}

function healthOf(
  { healthy, lastCheck }: BackendSnapshot,
  checksOff: boolean,
): { readonly color: 'green' | 'red' | 'dim'; readonly text: string } {
  if (checksOff) return { color: 'dim', text: 'not checked' }
  if (lastCheck === undefined)
    return { color: 'dim', text: healthy ? 'up until checked' : 'down until checked' }
  if (lastCheck.ok)
    return { color: healthy ? 'green' : 'red', text: `${word(healthy)}, ${humanMs(lastCheck.durationMs)}` }
  return { color: healthy ? 'green' : 'red', text: `${word(healthy)}: ${escapeText(lastCheck.text)}` }
}

function word(healthy: boolean): string {
  return healthy ? 'up' : 'down'
}
