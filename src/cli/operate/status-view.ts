import type { ProcessFacts } from '../../core/process-facts.ts'
import type { PoolSnapshot, Snapshot } from '../../core/snapshot.ts'
import { humanBytes, humanMs } from '../../log/human.ts'
import type { Paint } from '../../log/paint.ts'
import { checkOf, stateOf } from './backend-state.ts'
import { tableLines } from './table.ts'

/** What `GET /api/v1/status` answers. */
export type Status = Snapshot & { readonly process: ProcessFacts }

/** The state of a balancer as a page of text. */
export function statusLines(status: Status, paint: Paint): string[] {
  return [
    headline(status, paint),
    '',
    ...listenerLines(status, paint),
    ...status.pools.flatMap((pool) => [
      '',
      poolLine(pool, paint),
      ...backendLines(pool, { now: status.at, paint }),
    ]),
  ]
}

/** Whether every pool has somebody who can serve. */
export function canServe({ state, pools }: Snapshot): boolean {
  return state === 'running' && pools.every(({ backends }) => backends.some(({ eligible }) => eligible))
}

export function headline({ state, at, startedAt, process: facts }: Status, paint: Paint): string {
  const color = state === 'running' ? 'green' : 'yellow'
  const { loop, memory } = facts
  return [
    `${paint('bold', 'fairlead')} ${facts.version}`,
    `${paint(color, state)} for ${humanMs(at - startedAt)}`,
    `pid ${facts.pid}`,
    humanBytes(memory.residentBytes),
    `loop ${Math.round(loop.utilization * 100)}% busy, late by ${humanMs(loop.lagP99Ms)} (p99)`,
  ].join(paint('dim', '  ·  '))
}

function listenerLines({ listeners }: Status, paint: Paint): string[] {
  const columns = [
    { title: 'LISTENER' },
    { title: 'ADDRESS' },
    { title: 'MODE' },
    { title: 'OPEN', right: true },
    { title: 'OF', right: true },
    { title: 'ACCEPTED', right: true },
    { title: 'REJECTED', right: true },
  ]
  const rows = listeners.map(({ name, address, mode, active, maxConnections, accepted, rejected }) => [
    name,
    address,
    mode,
    `${active}`,
    `${maxConnections}`,
    `${accepted}`,
    rejected > 0 ? ({ text: `${rejected}`, color: 'yellow' } as const) : '0',
  ])
  return tableLines(columns, rows, paint)
}

export function poolLine({ name, strategy, backends, queued, retries }: PoolSnapshot, paint: Paint): string {
  const able = backends.filter(({ eligible }) => eligible).length
  const color = able === 0 ? 'red' : able < backends.length ? 'yellow' : 'green'
  return [
    `${paint('bold', `pool ${name}`)}  ${strategy}`,
    paint(color, `${able} of ${backends.length} can serve`),
    ...(queued > 0 ? [paint('yellow', `${queued} queued`)] : []),
    ...(retries > 0 ? [`${retries} retries`] : []),
  ].join(paint('dim', '  ·  '))
}

function backendLines({ backends }: PoolSnapshot, { now, paint }: { now: number; paint: Paint }): string[] {
  if (backends.length === 0) return [paint('dim', 'no backends')]
  const columns = [
    { title: 'BACKEND' },
    { title: 'ADDRESS' },
    { title: 'STATE' },
    { title: 'WEIGHT', right: true },
    { title: 'OPEN', right: true },
    { title: 'SERVED', right: true },
    { title: 'FAILED', right: true },
    { title: 'IN', right: true },
    { title: 'OUT', right: true },
    { title: 'LAST CHECK' },
  ]
  const rows = backends.map((backend) => {
    const { id, address, weight, backup, active, maxConnections, sessions, bytesToBackend, bytesToClient } =
      backend
    const failed = backend.connectFailures + (backend.requests?.failed ?? 0)
    return [
      { text: id, color: 'bold' } as const,
      address === id ? '' : address,
      stateOf(backend),
      backup ? `${weight} backup` : `${weight}`,
      maxConnections === 0 ? `${active}` : `${active}/${maxConnections}`,
      `${sessions}`,
      failed > 0 ? ({ text: `${failed}`, color: 'yellow' } as const) : '0',
      humanBytes(bytesToBackend),
      humanBytes(bytesToClient),
      checkOf(backend, now),
    ]
  })
  return tableLines(columns, rows, paint)
}
