import type { BackendSnapshot } from '../../core/snapshot.ts'
import { humanBytes, humanMs } from '../../log/human.ts'
import type { Paint } from '../../log/paint.ts'
import { checkOf, stateOf } from './backend-state.ts'
import type { BackendRates } from './rates.ts'
import { headline, poolLine, type Status } from './status-view.ts'
import { type Cell, tableLines } from './table.ts'

/** By what the backends of a pool are ordered. */
export const SORTS = ['configured', 'rate', 'open', 'failed', 'name'] as const
export type Sort = (typeof SORTS)[number]

export interface TopModel {
  readonly status: Status
  readonly rates: ReadonlyMap<string, BackendRates>
  readonly sort: Sort
  /** `pool/backend` that keys act on. */
  readonly selected: string | undefined
  /** What the last key did, or what went wrong. */
  readonly message: string
  /** Since when nothing new came, in ms; 0 = it is live. */
  readonly staleMs: number
  readonly columns: number
  readonly rows: number
}

const BAR_WIDTH = 10

/** One screen, at most as many lines as there are rows, none wider than the terminal. */
export function topLines(model: TopModel, paint: Paint): string[] {
  const { status, rows, columns, message, staleMs, sort } = model
  const head = [
    headline(status, paint),
    ...(staleMs > 0 ? [paint('red', `no answer for ${humanMs(staleMs)}: what is shown is old`)] : []),
    ...status.listeners.map(
      ({ name, address, mode, active, maxConnections }) =>
        `${paint('bold', name)} ${address} ${mode}  ${bar(active, maxConnections, paint)} ${active} open`,
    ),
  ]
  const body = status.pools.flatMap((pool) => [
    '',
    poolLine(pool, paint),
    ...backendLines(model, pool.name, paint),
  ])
  const foot = [
    '',
    message === '' ? '' : paint('yellow', message),
    paint('dim', `↑↓ choose   d drain   r ready   m maint   s sort (${sort})   q quit`),
  ]
  const room = Math.max(0, rows - head.length - foot.length - 1)
  const shown = window(body, { room, at: selectedLine(model) })
  return [...head, ...shown, ...foot].slice(0, Math.max(1, rows - 1)).map((line) => clip(line, columns))
}

/** The backends in the order in which they are shown: what the arrow keys go through. */
export function order({
  status,
  rates,
  sort,
}: Pick<TopModel, 'status' | 'rates' | 'sort'>): readonly string[] {
  return status.pools.flatMap(({ name, backends }) =>
    sorted(backends, { pool: name, rates, sort }).map(({ id }) => `${name}/${id}`),
  )
}

function backendLines(model: TopModel, pool: string, paint: Paint): string[] {
  const backends = model.status.pools.find(({ name }) => name === pool)?.backends ?? []
  const { rates, sort, selected, status } = model
  const fastest = Math.max(1, ...backends.map(({ id }) => rates.get(`${pool}/${id}`)?.perSecond ?? 0))
  const columns = [
    { title: '' },
    { title: 'BACKEND' },
    { title: 'STATE' },
    { title: 'WEIGHT', right: true },
    { title: 'PER SECOND' },
    { title: '', right: true },
    { title: 'OPEN', right: true },
    { title: 'FAILED', right: true },
    { title: 'P50', right: true },
    { title: 'P99', right: true },
    { title: 'BYTES/S', right: true },
    { title: 'LAST CHECK' },
  ]
  const rows = sorted(backends, { pool, rates, sort }).map((backend): (Cell | string)[] => {
    const key = `${pool}/${backend.id}`
    const rate = rates.get(key)
    const failed = rate?.failedPerSecond ?? 0
    return [
      key === selected ? { text: '▶', color: 'cyan' } : ' ',
      { text: backend.id, color: 'bold' },
      stateOf(backend),
      `${backend.weight}`,
      { text: barText(rate?.perSecond ?? 0, fastest), color: 'cyan' },
      (rate?.perSecond ?? 0).toFixed(1),
      `${backend.active}`,
      failed > 0 ? { text: failed.toFixed(1), color: 'red' } : '0',
      rate?.p50Ms === undefined ? '-' : `≤${humanMs(rate.p50Ms)}`,
      rate?.p99Ms === undefined ? '-' : `≤${humanMs(rate.p99Ms)}`,
      humanBytes(Math.round(rate?.bytesPerSecond ?? 0)),
      checkOf(backend, status.at),
    ]
  })
  return tableLines(columns, rows, paint)
}

function sorted(
  backends: readonly BackendSnapshot[],
  by: { readonly pool: string; readonly rates: ReadonlyMap<string, BackendRates>; readonly sort: Sort },
): readonly BackendSnapshot[] {
  const rate = ({ id }: BackendSnapshot): BackendRates | undefined => by.rates.get(`${by.pool}/${id}`)
  const orders: Record<Sort, (a: BackendSnapshot, b: BackendSnapshot) => number> = {
    configured: () => 0,
    rate: (a, b) => (rate(b)?.perSecond ?? 0) - (rate(a)?.perSecond ?? 0),
    open: (a, b) => b.active - a.active,
    failed: (a, b) => (rate(b)?.failedPerSecond ?? 0) - (rate(a)?.failedPerSecond ?? 0),
    name: (a, b) => a.id.localeCompare(b.id),
  }
  return backends.toSorted(orders[by.sort])
}

/** On which line of the body the chosen backend stands: a blank, the pool's line and the titles come before. */
function selectedLine(model: TopModel): number {
  let line = 0
  for (const { name, backends } of model.status.pools) {
    line += 3
    const ids = sorted(backends, { pool: name, rates: model.rates, sort: model.sort }).map(
      ({ id }) => `${name}/${id}`,
    )
    const at = ids.indexOf(model.selected ?? '')
    if (at !== -1) return line + at
    line += ids.length
  }
  return 0
}

/** As many lines as there is room for, the chosen one among them. */
function window(lines: readonly string[], { room, at }: { room: number; at: number }): readonly string[] {
  if (lines.length <= room) return lines
  const first = Math.min(Math.max(0, at - Math.floor(room / 2)), lines.length - room)
  return lines.slice(first, first + room)
}

function bar(value: number, most: number, paint: Paint): string {
  return paint(value >= most * 0.9 ? 'red' : 'cyan', barText(value, most))
}

function barText(value: number, most: number): string {
  const full = most <= 0 ? 0 : Math.min(BAR_WIDTH, Math.round((value / most) * BAR_WIDTH))
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full)
}

/** Cuts a line to the terminal's width; what colours it takes no room. */
function clip(line: string, columns: number): string {
  let width = 0
  let result = ''
  for (const part of line.split(ESCAPES)) {
    if (part.startsWith('\x1b')) {
      result += part
      continue
    }
    const rest = Array.from(part).slice(0, columns - width)
    width += rest.length
    result += rest.join('')
  }
  return result
}

// oxlint-disable-next-line no-control-regex -- what begins a colour is a control character
const ESCAPES = /(\x1b\[[\d;]*m)/
