import * as fc from 'fast-check'
import t from 'tap'
import { LeastConnections } from '../../src/balance/least-connections.ts'
import type { Backend } from '../../src/core/backend.ts'
import { anyone, backendsOf, equalBackends, lease, release } from './backends.ts'
import { LeastConnectionsScan } from './scans.ts'

void t.test('picks the one with the fewest sessions', (sub) => {
  const [a, b, c] = equalBackends(3) as [Backend, Backend, Backend]
  const strategy = leastConnections([a, b, c])
  for (const backend of [a, a, b, c, c]) lease(strategy, backend)
  sub.equal(strategy.pick(anyone), b)
  release(strategy, a)
  release(strategy, a)
  sub.equal(strategy.pick(anyone), a)
  sub.end()
})

void t.test('counts sessions against weights', (sub) => {
  const [a, b] = backendsOf([4, 1]) as [Backend, Backend]
  const strategy = leastConnections([a, b])
  for (let i = 0; i < 50; i++) lease(strategy, strategy.pick(anyone) as Backend)
  sub.same([a.active, b.active], [40, 10])
  sub.end()
})

void t.test('goes round among equals, also when each session ends before the next', (sub) => {
  const strategy = leastConnections(equalBackends(3))
  let picked = ''
  for (let i = 0; i < 7; i++) {
    const backend = strategy.pick(anyone) as Backend
    lease(strategy, backend)
    release(strategy, backend)
    picked += backend.id
  }
  sub.equal(picked, 'abcabca')
  sub.end()
})

void t.test('goes round among equals though the set is updated before every pick', (sub) => {
  const backends = equalBackends(3)
  const strategy = leastConnections(backends)
  let picked = ''
  for (let i = 0; i < 7; i++) {
    strategy.update(i % 2 === 0 ? backends : backends.toReversed())
    picked += strategy.pick(anyone)?.id
  }
  sub.equal(picked, 'abcabca')
  sub.end()
})

void t.test('sends less to a backend that comes back slowly', (sub) => {
  const [slow, other] = backendsOf([10, 10]) as [Backend, Backend]
  slow.ramp = 0.1
  const strategy = leastConnections([slow, other])
  for (let i = 0; i < 110; i++) lease(strategy, strategy.pick(anyone) as Backend)
  sub.same([slow.active, other.active], [10, 100])
  sub.end()
})

void t.test('agrees with a scan of all through any course of picks, releases, skips and updates', (sub) => {
  const mask = fc.nat(255)
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('pick' as const), mask: fc.constant(0) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pick' as const), mask }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), mask }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('update' as const), mask }) },
  )
  const weights = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(weights, fc.array(step, { maxLength: 150 }), (ofEach, steps) => {
      const all = backendsOf(ofEach, 3)
      const strategy = leastConnections(all)
      const scan = new LeastConnectionsScan(all)
      for (const { do: action, mask: bits } of steps) {
        const chosen = all.filter((_, i) => (bits & (1 << i)) !== 0)
        if (action === 'update') {
          strategy.update(chosen)
          scan.update(chosen)
        } else if (action === 'release') {
          const backend = all[bits % 8] as Backend
          if (backend.active > 0) release(strategy, backend)
        } else {
          const expected = scan.pick(new Set(chosen))
          const picked = strategy.pick(anyone, new Set(chosen))
          if (picked !== expected) throw new Error(`picked ${picked?.id}, a scan picks ${expected?.id}`)
          if (picked !== undefined) lease(strategy, picked)
        }
      }
    }),
    { numRuns: 300 },
  )
  sub.end()
})

function leastConnections(backends: readonly Backend[]): LeastConnections {
  const strategy = new LeastConnections()
  strategy.update(backends)
  return strategy
}
