import { Backend } from '../../src/core/backend.ts'
import type { Strategy } from '../../src/core/strategy.ts'
import { SourceHash } from '../../src/balance/source-hash.ts'
import { strategies } from '../../src/balance/strategies.ts'

export interface StrategyRow {
  readonly strategy: string
  readonly backends: number
  /** One pick, with `changed` for its lease and for the release of an older one; no backend is ever full. */
  readonly pickNs: number
  /** The same while 99 of 100 backends are full. */
  readonly fullPickNs: number
  /** The same with two skipped backends. */
  readonly skipPickNs: number
  /** One `update` with a backend gone or back, and the pick after it. */
  readonly updateNs: number
}

/** Measures every strategy at 10, 1,000 and 10,000 backends of weights 1 to 5. Takes some ten seconds. */
export async function benchStrategies(): Promise<StrategyRow[]> {
  const rows: StrategyRow[] = []
  for (const [name, make] of contenders()) {
    for (const count of [10, 1_000, 10_000]) {
      rows.push(measure(name, make, count))
      // Others of this process, a progress line say, get their turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return rows
}

/** The rows as a table for people. */
export function formatStrategyRows(rows: readonly StrategyRow[]): string {
  const head = ['strategy', 'backends', 'pick ns', '99% full ns', '2 skipped ns', 'update us']
  const lines = rows.map((row) => [
    row.strategy,
    row.backends.toLocaleString('en'),
    row.pickNs.toFixed(0),
    row.fullPickNs.toFixed(0),
    row.skipPickNs.toFixed(0),
    (row.updateNs / 1000).toFixed(1),
  ])
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0)))
  return [head, ...lines]
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))),
    )
    .map((cells) => cells.join('  '))
    .join('\n')
}

function contenders(): [string, () => Strategy][] {
  const names = [
    'round-robin',
    'least-connections',
    'power-of-two',
    'random',
    'source-hash',
    'first',
  ] as const
  return [
    ...names.map((name): [string, () => Strategy] => [name, () => strategies[name]({ random: Math.random })]),
    ['source-hash, bounded', () => new SourceHash({ boundedLoad: 1.25 })],
  ]
}

const CLIENTS = Array.from({ length: 4_096 }, (_, i) => ({ address: `10.1.${i >> 8}.${i & 255}` }))

function measure(strategy: string, make: () => Strategy, count: number): StrategyRow {
  return {
    strategy,
    backends: count,
    pickNs: picks(make, backendsOf(count), undefined),
    fullPickNs: picks(make, mostlyFull(count), undefined),
    skipPickNs: skippingPicks(make, count),
    updateNs: updates(make, count),
  }
}

function skippingPicks(make: () => Strategy, count: number): number {
  const backends = backendsOf(count)
  return picks(make, backends, new Set(backends.slice(0, 2)))
}

function picks(
  make: () => Strategy,
  backends: readonly Backend[],
  skip: ReadonlySet<Backend> | undefined,
): number {
  const strategy = make()
  strategy.update(backends)
  // Two sessions a backend are open at any time, the oldest of which ends as a new one begins.
  const open: (Backend | undefined)[] = Array<undefined>(2 * backends.length).fill(undefined)
  let turn = 0
  return bestOf(100_000, () => {
    const place = turn++ % open.length
    const ended = open[place]
    if (ended !== undefined) {
      ended.active--
      strategy.changed?.(ended)
    }
    const picked = strategy.pick(CLIENTS[turn & 4_095] as { address: string }, skip)
    open[place] = picked
    if (picked === undefined) return
    picked.active++
    strategy.changed?.(picked)
  })
}

function updates(make: () => Strategy, count: number): number {
  const strategy = make()
  const all = backendsOf(count)
  const oneGone = all.slice(1)
  let turn = 0
  return bestOf(20, () => {
    strategy.update(turn++ % 2 === 0 ? all : oneGone)
    strategy.pick(CLIENTS[0] as { address: string })
  })
}

/** Nanoseconds a call in the best of several rounds: the machine's other work only ever adds. */
function bestOf(callsARound: number, call: () => void): number {
  let best = Infinity
  const deadline = performance.now() + MOST_MS
  for (let round = 0; round < 5 && performance.now() < deadline; round++) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < callsARound; i++) call()
    best = Math.min(best, Number(process.hrtime.bigint() - start) / callsARound)
  }
  return best
}

/** A figure takes at most this and one round more. */
const MOST_MS = 200

function backendsOf(count: number, maxConnections = 0): Backend[] {
  return Array.from({ length: count }, (_, i) => {
    const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const
    return new Backend(
      { id: `b${i}`, address, transport: 'plain', weight: 1 + (i % 5), backup: false, maxConnections },
      'bench',
    )
  })
}

/** Of each hundred the last has room (of ten, the last). */
function mostlyFull(count: number): Backend[] {
  const few = Math.min(100, count)
  return backendsOf(count, 1_000_000).map((backend, i) => {
    if (i % few !== few - 1) backend.active = backend.maxConnections
    return backend
  })
}
