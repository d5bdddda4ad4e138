import * as fc from 'fast-check'
import t from 'tap'
import { Random } from '../../src/balance/random.ts'
import type { Backend } from '../../src/core/backend.ts'
import { anyone, backendsOf, countPicks, lease, seededRandom, tolerance } from './backends.ts'

void t.test('picks each in proportion to its weight', (sub) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 20 }),
      fc.integer(),
      (weights, seed) => {
        const strategy = new Random({ random: seededRandom(seed) })
        strategy.update(backendsOf(weights))
        expectShares(countPicks(strategy, 4_000), weights)
      },
    ),
    { numRuns: 100, seed: 1 },
  )
  sub.end()
})

void t.test('keeps to the weights of the others while some are full or skipped', (sub) => {
  const backends = backendsOf([5, 1, 3, 1, 2], 1)
  const strategy = new Random({ random: seededRandom(3) })
  strategy.update(backends)
  lease(strategy, backends[0] as Backend)
  const counts = new Map<string, number>()
  for (let i = 0; i < 6_000; i++) {
    const id = strategy.pick(anyone, new Set([backends[3] as Backend]))?.id ?? 'none'
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  expectShares(counts, [0, 1, 3, 0, 2])
  sub.end()
})

void t.test('covers the whole range of its random numbers, to both ends', (sub) => {
  const backends = backendsOf([1, 2, 1])
  for (const [number, id] of [
    [0, 'a'],
    [0.2499, 'a'],
    [0.25, 'b'],
    [0.7499, 'b'],
    [0.75, 'c'],
    [1 - 2 ** -53, 'c'],
  ] as const) {
    const strategy = new Random({ random: () => number })
    strategy.update(backends)
    sub.equal(strategy.pick(anyone)?.id, id, `${number}`)
  }
  sub.end()
})

void t.test('lands on the last where the sums of the weights round past it', (sub) => {
  const backends = backendsOf([112.69999999999999, 125, 50, 144.5, 240.9, 167.5, 147.6])
  const strategy = new Random({ random: () => 1 - 2 ** -53 })
  strategy.update(backends)
  sub.equal(strategy.pick(anyone), backends[6])
  sub.end()
})

void t.test('never lands beside the weights by rounding, however odd they are', (sub) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 256, noNaN: true }), { minLength: 1, maxLength: 9 }),
      fc.nat(8),
      (weights, full) => {
        const backends = backendsOf(weights, 1)
        const strategy = new Random({ random: () => 1 - 2 ** -53 })
        strategy.update(backends)
        for (const backend of backends.slice(full)) lease(strategy, backend)
        const picked = strategy.pick(anyone)
        if (picked !== backends[Math.min(full, weights.length) - 1])
          throw new Error('the end of the range is the last with room')
      },
    ),
  )
  sub.end()
})

function expectShares(counts: ReadonlyMap<string, number>, weights: readonly number[]): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const picks = [...counts.values()].reduce((sum, count) => sum + count, 0)
  for (const [i, backend] of backendsOf(weights).entries()) {
    const share = (weights[i] as number) / total
    const count = counts.get(backend.id) ?? 0
    if (Math.abs(count - picks * share) > tolerance(picks, share))
      throw new Error(`${backend.id}: ${count} of ${picks}, fair is ${picks * share}`)
  }
}
