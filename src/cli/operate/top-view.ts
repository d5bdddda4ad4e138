import type { BackendSnapshot } from '../../core/snapshot.ts'
import { humanBytes, humanMs } from '../../log/human.ts'
import type { Paint } from '../../log/paint.ts'
import type { Status } from './ask-status.ts'
import { checkOf, stateOf } from './backend-state.ts'
import type { BackendRates } from './rates.ts'
import { headline, poolLine } from './status-view.ts'
import { type Cell, type Column, cutText, type TableLook, tableLines } from './table.ts'

/** By what the backends of a pool are ordered. */
export const SORTS = ['configured', 'rate', 'open', 'failed', 'name'] as const
export type Sort = (typeof SORTS)[number]

export interface TopModel {
  readonly status: Status
  readonly rates: ReadonlyMap<string, BackendRates>
  readonly sort: Sort
  /** `pool/backend` that keys act on. */
  readonly selected: string | undefined
  /** What the last key did, or what went wrong; `''` = nothing. */
  readonly message: string
  /** Since when nothing new came, in ms; 0 = it is live. */
  readonly staleMs: number
  readonly columns: number
  readonly rows: number
}

/** One screen, at most as many lines as there are rows, none wider than the terminal. */
export function topLines(model: TopModel, paint: Paint): string[] {
  const { status, rows, columns, message, staleMs, sort } = model
  const look = { paint, width: columns }
  const { titles, body } = backendLines(model, look)
  const stale = `no answer for ${humanMs(staleMs)}: what is shown is old`
  const head = [
    staleMs > 0 ? paint('red', cutText(stale, columns)) : headline(status, look),
    '',
    ...tableLines(
      LISTENER_COLUMNS,
      status.listeners.map((each) => listenerRow(each)),
      look,
    ),
    '',
    ...(body.length > status.pools.length ? [titles] : []),
  ]
  const room = Math.max(1, rows - head.length - 2)
  const { shown, note } = windowOf(body, { room, at: body.findIndex(({ isSelected }) => isSelected) })
  const keys = `${note}↑↓ choose  d drain  r ready  m maint  s sort (${sort})  q quit`
  const foot = [paint('yellow', cutText(message, columns)), paint('dim', cutText(keys, columns))]
  // Where there is no room for everything, the backends and the keys matter most.
  const most = Math.max(0, rows - shown.length - foot.length)
  return [...head.slice(0, most), ...shown.map(({ text }) => text), ...foot].slice(-Math.max(1, rows))
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

const LISTENER_COLUMNS: readonly Column[] = [
  { title: 'LISTENER' },
  { title: 'ADDRESS' },
  { title: 'MODE', spare: 1 },
  { title: 'OPEN', right: true },
  { title: '', spare: 3 },
  { title: 'OF', right: true, spare: 2 },
]

function listenerRow({
  name,
  address,
  mode,
  active,
  maxConnections,
}: Status['listeners'][number]): (Cell | string)[] {
  const color = active >= maxConnections * 0.9 ? 'red' : 'cyan'
  return [
    { text: name, color: 'bold' },
    address,
    mode,
    `${active}`,
    { text: bar(active, maxConnections), color },
    `${maxConnections}`,
  ]
}

const BACKEND_COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'BACKEND' },
  { title: 'STATE' },
  { title: 'WEIGHT', right: true, spare: 3 },
  { title: '/SECOND', right: true },
  { title: '', spare: 5 },
  { title: 'OPEN', right: true },
  { title: 'FAILED/S', right: true, spare: 6 },
  { title: 'P50', right: true, spare: 2 },
  { title: 'P99', right: true, spare: 7 },
  { title: 'BYTES/S', right: true, spare: 1 },
  { title: 'LAST CHECK', spare: 4 },
]

interface BodyLine {
  readonly text: string
  readonly isSelected: boolean
}

/** Columns of all pools stand under each other; each pool has its line. */
function backendLines(model: TopModel, look: TableLook): { titles: string; body: BodyLine[] } {
  const { status, rates, sort, selected } = model
  const all = [...rates.values()]
  const fastest = Math.max(1, ...all.map(({ perSecond }) => perSecond))
  const pools = status.pools.map((pool) => ({
    pool,
    backends: sorted(pool.backends, { pool: pool.name, rates, sort }),
  }))
  const rows = pools.flatMap(({ pool: { name }, backends }) =>
    backends.map((backend) => {
      const key = `${name}/${backend.id}`
      return backendRow(backend, {
        rate: rates.get(key),
        fastest,
        isSelected: key === selected,
        at: status.at,
      })
    }),
  )
  const [titles = '', ...lines] = tableLines(BACKEND_COLUMNS, rows, look)
  const body = pools.flatMap(({ pool, backends }) => [
    { text: poolLine(pool, look), isSelected: false },
    ...backends.map(({ id }) => ({
      text: lines.shift() ?? '',
      isSelected: `${pool.name}/${id}` === selected,
    })),
  ])
  return { titles, body }
}

function backendRow(
  backend: BackendSnapshot,
  facts: {
    readonly rate: BackendRates | undefined
    readonly fastest: number
    readonly isSelected: boolean
    readonly at: number
  },
): (Cell | string)[] {
  const { rate, fastest, isSelected, at } = facts
  const { perSecond = 0, failedPerSecond: failed = 0, bytesPerSecond = 0 } = rate ?? {}
  return [
    isSelected ? { text: '▶', color: 'cyan' } : ' ',
    { text: backend.id, color: 'bold' },
    stateOf(backend),
    `${backend.weight}`,
    perSecond.toFixed(1),
    { text: bar(perSecond, fastest), color: 'cyan' },
    `${backend.active}`,
    failed > 0 ? { text: failed.toFixed(1), color: 'red' } : '0',
    atMost(rate?.p50Ms),
    atMost(rate?.p99Ms),
    humanBytes(Math.round(bytesPerSecond)),
    checkOf(backend, at),
  ]
}

/** Latencies are known by the bucket that they fell into. */
function atMost(ms: number | undefined): string {
  return ms === undefined ? '-' : `≤${humanMs(ms)}`
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
    name: (a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }),
  }
  return backends.toSorted(orders[by.sort])
}

/** As many lines as there is room for, the chosen one among them; and which they are. */
function windowOf(
  lines: readonly BodyLine[],
  { room, at }: { readonly room: number; readonly at: number },
): { readonly shown: readonly BodyLine[]; readonly note: string } {
  if (lines.length <= room) return { shown: lines, note: '' }
  const first = Math.min(Math.max(0, at - Math.floor(room / 2)), lines.length - room)
  const note = `${first + 1}–${first + room} of ${lines.length}  `
  return { shown: lines.slice(first, first + room), note }
}

const BAR_WIDTH = 10

function bar(value: number, most: number): string {
  const full = most <= 0 ? 0 : Math.min(BAR_WIDTH, Math.round((value / most) * BAR_WIDTH))
  // What is there at all is seen.
  const seen = value > 0 ? Math.max(1, full) : full
  return '█'.repeat(seen) + '░'.repeat(BAR_WIDTH - seen)
}
