import { Backend } from '../../src/core/backend.ts'
import type { ClientKey, Strategy } from '../../src/core/strategy.ts'

/** A backend named `id`; its address means nothing here. */
export function backendOf(id: string, options: { weight?: number; maxConnections?: number } = {}): Backend {
  const { weight = 1, maxConnections = 0 } = options
  const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const
  return new Backend({ id, address, transport: 'plain', weight, backup: false, maxConnections }, 'pool')
}

/** One backend for each weight, named a, b, c, ... and then b26, b27, ... */
export function backendsOf(weights: readonly number[], maxConnections = 0): Backend[] {
  return weights.map((weight, i) => backendOf(nameOf(i), { weight, maxConnections }))
}

export function equalBackends(count: number, maxConnections = 0): Backend[] {
  return backendsOf(Array<number>(count).fill(1), maxConnections)
}

/** The same numbers in [0, 1) for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The `n`th client of 10.0.0.0/8. */
export function clientOf(n: number): ClientKey {
  return { address: `10.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}` }
}

export const anyone: ClientKey = { address: '192.0.2.1' }

/** One more session, as a pool does it. */
export function lease(strategy: Strategy, backend: Backend): void {
  backend.active++
  strategy.changed?.(backend)
}

/** One session less. */
export function release(strategy: Strategy, backend: Backend): void {
  backend.active--
  strategy.changed?.(backend)
}

/** How often each was picked by clients 0 to `picks - 1`, by id; nothing is leased. */
export function countPicks(strategy: Strategy, picks: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (let i = 0; i < picks; i++) {
    const id = strategy.pick(clientOf(i))?.id ?? 'none'
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

/** Six standard deviations of a binomial count: less than one false alarm in 10^8. */
export function tolerance(picks: number, share: number): number {
  return 6 * Math.sqrt(picks * share * (1 - share)) + 1
}

function nameOf(i: number): string {
  return i < 26 ? String.fromCharCode(97 + i) : `b${i}`
}
