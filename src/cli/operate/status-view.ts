import type { BackendSnapshot, PoolSnapshot, Snapshot } from '../../core/snapshot.ts'
import { humanBytes, humanMs } from '../../log/human.ts'
import type { Status } from './ask-status.ts'
import { checkOf, stateOf } from './backend-state.ts'
import { type Cell, type Column, type TableLook, tableLines } from './table.ts'
import { textLine } from './text-line.ts'

/** The state of a balancer as a page of text. */
export function statusLines(status: Status, look: TableLook): string[] {
  return [
    headline(status, look),
    '',
    ...(status.listeners.length === 0
      ? [look.paint('dim', 'no listeners')]
      : tableLines(LISTENER_COLUMNS, status.listeners.map(listenerRow), look)),
    ...poolBlocks(status, look),
  ]
}

/** Whether every pool has somebody who can serve. */
export function canServe({ state, pools }: Snapshot): boolean {
  return state === 'running' && pools.every(({ backends }) => backends.some(({ eligible }) => eligible))
}

export function headline({ state, at, startedAt, process: facts }: Status, look: TableLook): string {
  const { loop, memory, version, pid } = facts
  const cells: Cell[] = [
    { text: `fairlead ${version}`, color: 'bold' },
    { text: upFor(state, humanMs(at - startedAt)), color: state === 'running' ? 'green' : 'yellow' },
    { text: `pid ${pid}` },
    { text: humanBytes(memory.residentBytes) },
    { text: `loop ${Math.round(loop.utilization * 100)}% busy, late by ${humanMs(loop.lagP99Ms)} (p99)` },
  ]
  return textLine(cells, look)
}

/** When a drain began nobody knows here. */
function upFor(state: Snapshot['state'], time: string): string {
  return state === 'running' ? `running for ${time}` : `${state}, up for ${time}`
}

export function poolLine(
  { name, strategy, backends, queued, retries }: PoolSnapshot,
  look: TableLook,
): string {
  const able = backends.filter(({ eligible }) => eligible).length
  const color = able === 0 ? 'red' : able < backends.length ? 'yellow' : 'green'
  const cells: Cell[] = [
    { text: `pool ${name}`, color: 'bold' },
    { text: `${able} of ${backends.length} can serve`, color },
    { text: strategy },
    ...(queued > 0 ? [{ text: `${queued} queued`, color: 'yellow' } as const] : []),
    ...(retries > 0 ? [{ text: `${retries} retries` }] : []),
  ]
  return textLine(cells, look)
}

const LISTENER_COLUMNS: readonly Column[] = [
  { title: 'LISTENER' },
  { title: 'ADDRESS' },
  { title: 'MODE', spare: 3 },
  { title: 'OPEN', right: true },
  { title: 'OF', right: true, spare: 2 },
  { title: 'ACCEPTED', right: true, spare: 1 },
  { title: 'REJECTED', right: true },
]

function listenerRow(listener: Status['listeners'][number]): (Cell | string)[] {
  const { name, address, mode, active, maxConnections, accepted, rejected } = listener
  return [
    { text: name, color: 'bold' },
    address,
    mode,
    `${active}`,
    `${maxConnections}`,
    `${accepted}`,
    rejected > 0 ? { text: `${rejected}`, color: 'yellow' } : '0',
  ]
}

const BACKEND_COLUMNS: readonly Column[] = [
  { title: 'BACKEND' },
  { title: 'ADDRESS', spare: 4 },
  { title: 'STATE' },
  { title: 'WEIGHT', right: true, spare: 3 },
  { title: 'OPEN', right: true },
  { title: 'SERVED', right: true, spare: 6 },
  { title: 'FAILED', right: true, spare: 7 },
  { title: 'IN', right: true, spare: 1 },
  { title: 'OUT', right: true, spare: 2 },
  { title: 'LAST CHECK', spare: 5 },
]

/** All pools are one table, so that their columns stand under each other; each has its line and its titles. */
function poolBlocks({ pools, at }: Status, look: TableLook): string[] {
  const rows = pools.flatMap(({ backends }) => backends.map((backend) => backendRow(backend, at)))
  const [titles = '', ...lines] = tableLines(BACKEND_COLUMNS, rows, look)
  return pools.flatMap((pool) => {
    const own = lines.splice(0, pool.backends.length)
    return ['', poolLine(pool, look), ...(own.length === 0 ? [] : [titles, ...own])]
  })
}

function backendRow(backend: BackendSnapshot, now: number): (Cell | string)[] {
  const { id, address, weight, backup, active, maxConnections, sessions } = backend
  const failed = backend.connectFailures + (backend.requests?.failed ?? 0)
  return [
    { text: id, color: 'bold' },
    address === id ? '' : address,
    stateOf(backend),
    backup ? `${weight} backup` : `${weight}`,
    maxConnections === 0 ? `${active}` : `${active}/${maxConnections}`,
    `${sessions}`,
    failed > 0 ? { text: `${failed}`, color: 'yellow' } : '0',
    humanBytes(backend.bytesToBackend),
    humanBytes(backend.bytesToClient),
    checkOf(backend, now),
  ]
}
