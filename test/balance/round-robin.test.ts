import * as fc from 'fast-check'
import t from 'tap'
import { RoundRobin } from '../../src/balance/round-robin.ts'
import type { Backend } from '../../src/core/backend.ts'
import { anyone, backendsOf, equalBackends, lease, release } from './backends.ts'
import { nginxPicks, RoundRobinScan } from './scans.ts'

void t.test('interleaves as nginx: weights 5, 1, 1 give a a b a c a a', (sub) => {
  const strategy = roundRobin(backendsOf([5, 1, 1]))
  sub.equal(sequence(strategy, 14), 'aabacaaaabacaa')
  sub.end()
})

void t.test('goes round in order where all weights are equal', (sub) => {
  sub.equal(sequence(roundRobin(equalBackends(4)), 10), 'abcdabcdab')
  sub.end()
})

void t.test('is nginx pick for pick, whatever the weights', (sub) => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 256 })), {
        minLength: 1,
        maxLength: 12,
      }),
      (weights) => {
        const backends = backendsOf(weights)
        const strategy = roundRobin(backends)
        const nginx = nginxPicks(backends.filter(({ weight }) => weight > 0))
        for (let i = 0; i < 300; i++) {
          const expected = nginx()?.id
          const picked = strategy.pick(anyone)?.id
          if (picked !== expected) throw new Error(`pick ${i}: ${picked}, nginx picks ${expected}`)
        }
      },
    ),
  )
  sub.end()
})

void t.test('gives each exactly its weight in every cycle of 10,000 backends', (sub) => {
  const backends = backendsOf(Array.from({ length: 10_000 }, (_, i) => 1 + (i % 3)))
  const strategy = roundRobin(backends)
  const counts = new Map<Backend | undefined, number>()
  for (let i = 0; i < 19_999; i++) {
    const picked = strategy.pick(anyone)
    counts.set(picked, (counts.get(picked) ?? 0) + 1)
  }
  sub.ok(backends.every((backend) => counts.get(backend) === backend.weight))
  sub.end()
})

void t.test('an update that changes nothing leaves the sequence alone', (sub) => {
  const backends = backendsOf([5, 1, 1])
  const strategy = roundRobin(backends)
  let picked = ''
  for (let i = 0; i < 14; i++) {
    strategy.update(backends)
    picked += strategy.pick(anyone)?.id
  }
  sub.equal(picked, 'aabacaaaabacaa')
  sub.end()
})

void t.test('stays even among those that stay while another comes and goes', (sub) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (stable, gaps, weight) => {
        const stay = equalBackends(stable)
        const [flapping] = backendsOf([weight]) as [Backend]
        const strategy = roundRobin(stay)
        const counts = new Map<Backend | undefined, number>()
        for (const [turn, gap] of gaps.entries()) {
          strategy.update(turn % 2 === 0 ? [flapping, ...stay] : stay)
          for (let i = 0; i < gap; i++) {
            const picked = strategy.pick(anyone)
            counts.set(picked, (counts.get(picked) ?? 0) + 1)
          }
        }
        const picks = stay.map((backend) => counts.get(backend) ?? 0)
        if (Math.max(...picks) - Math.min(...picks) > 2) throw new Error(`uneven: ${picks.join(' ')}`)
      },
    ),
  )
  sub.end()
})

void t.test('takes turns at once after a set a thousand times as heavy', (sub) => {
  const backends = backendsOf(Array<number>(1000).fill(256))
  const strategy = roundRobin(backends)
  for (let i = 0; i < 500; i++) strategy.pick(anyone)
  const two = [backends[0], backends[999]] as [Backend, Backend]
  for (const backend of two) backend.weight = 1
  strategy.update(two)
  const picked = new Set(Array.from({ length: 3 }, () => strategy.pick(anyone)))
  sub.equal(picked.size, 2, 'the one picked before does not pay its old debt in hundreds of turns')
  sub.end()
})

void t.test('takes turns at once when all others become full', (sub) => {
  const backends = equalBackends(1000, 1)
  const strategy = roundRobin(backends)
  for (let i = 0; i < 500; i++) strategy.pick(anyone)
  for (const backend of backends.slice(1, 999)) lease(strategy, backend)
  const picked = new Set(Array.from({ length: 3 }, () => strategy.pick(anyone)))
  sub.same(picked, new Set([backends[0], backends[999]]))
  sub.end()
})

void t.test('stays exact when hardly any weight is open for long', (sub) => {
  const backends = backendsOf([...Array<number>(10_000).fill(256), 3, 1], 10)
  const strategy = roundRobin(backends)
  const heavy = backends.slice(0, 10_000)
  for (const backend of heavy) {
    backend.active = 9
    lease(strategy, backend)
  }
  // Time passes 640,000 at a pick: these picks take it past the point at which it is wound back.
  const counts = [0, 0]
  for (let i = 0; i < 8_000; i++) {
    const place = backends.indexOf(strategy.pick(anyone) as Backend, 10_000) - 10_000
    counts[place] = (counts[place] as number) + 1
  }
  sub.ok(Math.abs((counts[0] as number) - 6_000) <= 1, `${counts[0]} of 8000, fair is 6000`)
  for (const backend of heavy) release(strategy, backend)
  const reached = new Set<Backend | undefined>()
  for (let i = 0; i < 10_100; i++) reached.add(strategy.pick(anyone))
  sub.ok(heavy.every((backend) => reached.has(backend)))
  sub.end()
})

void t.test('gives a backend that comes back slowly its small part', (sub) => {
  const [slow, other] = backendsOf([10, 10]) as [Backend, Backend]
  slow.ramp = 0.33
  const strategy = roundRobin([slow, other])
  let picks = 0
  for (let i = 0; i < 1_330; i++) if (strategy.pick(anyone) === slow) picks++
  sub.ok(Math.abs(picks - 330) <= 330 * 0.03, `${picks} of 1330, fair is 330`)
  sub.end()
})

void t.test(
  'agrees with a scan of all through any course of picks, full backends, skips and updates',
  (sub) => {
    const mask = fc.nat(255)
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('pick' as const), mask: fc.constant(0) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('pick' as const), mask }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('toggle' as const), mask }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('update' as const), mask }) },
    )
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(weights, fc.array(step, { maxLength: 150 }), (ofEach, steps) => {
        const all = backendsOf(ofEach, 1)
        const strategy = roundRobin(all)
        const scan = new RoundRobinScan(all)
        for (const { do: action, mask: bits } of steps) {
          const chosen = all.filter((_, i) => (bits & (1 << i)) !== 0)
          if (action === 'update') {
            strategy.update(chosen)
            scan.update(chosen)
          } else if (action === 'toggle') {
            const backend = all[bits % 8] as Backend
            if (backend.isFull) release(strategy, backend)
            else lease(strategy, backend)
          } else scan.check(strategy.pick(anyone, new Set(chosen)), new Set(chosen))
        }
      }),
      { numRuns: 300 },
    )
    sub.end()
  },
)

function roundRobin(backends: readonly Backend[]): RoundRobin {
  const strategy = new RoundRobin()
  strategy.update(backends)
  return strategy
}

function sequence(strategy: RoundRobin, picks: number): string {
  return Array.from({ length: picks }, () => strategy.pick(anyone)?.id).join('')
}
