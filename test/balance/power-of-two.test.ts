import t from 'tap'
import { PowerOfTwo } from '../../src/balance/power-of-two.ts'
import { Random } from '../../src/balance/random.ts'
import type { Backend } from '../../src/core/backend.ts'
import type { Strategy } from '../../src/core/strategy.ts'
import { anyone, backendsOf, countPicks, equalBackends, lease, seededRandom, tolerance } from './backends.ts'

void t.test('of two backends always takes the one that carries less', (sub) => {
  const [a, b] = backendsOf([4, 1]) as [Backend, Backend]
  const strategy = powerOfTwo([a, b])
  a.active = 3
  b.active = 1
  for (let i = 0; i < 50; i++) sub.equal(strategy.pick(anyone), a, '3/4 is less than 1/1')
  a.active = 5
  for (let i = 0; i < 50; i++) sub.equal(strategy.pick(anyone), b, '5/4 is more than 1/1')
  sub.end()
})

void t.test('compares two different backends, whatever is drawn', (sub) => {
  const [a, b, c] = equalBackends(3) as [Backend, Backend, Backend]
  a.active = 9
  b.active = 5
  const strategy = new PowerOfTwo({ random: () => 0 })
  strategy.update([a, b, c])
  sub.equal(strategy.pick(anyone), b, 'the first two of the three')
  sub.equal(strategy.pick(anyone, new Set([b])), c, 'the first two of those not skipped')
  sub.end()
})

void t.test('never takes the busiest of three', (sub) => {
  const backends = equalBackends(3)
  ;(backends[1] as Backend).active = 1
  const counts = countPicks(powerOfTwo(backends), 3_000)
  sub.equal(counts.get('b'), undefined)
  for (const id of ['a', 'c']) sub.ok(Math.abs((counts.get(id) ?? 0) - 1500) < tolerance(3000, 0.5))
  sub.end()
})

void t.test('idle backends get new sessions by weight', (sub) => {
  const counts = countPicks(powerOfTwo(backendsOf([3, 1])), 4_000)
  sub.ok(Math.abs((counts.get('a') ?? 0) - 3_000) < tolerance(4_000, 0.75), `${counts.get('a')} of 4000`)
  sub.end()
})

void t.test('is much more even than one random choice', (sub) => {
  const two = fullest((random) => new PowerOfTwo({ random }))
  const one = fullest((random) => new Random({ random }))
  sub.ok(two <= 14, `the fullest of 1000 with 10 each on average has ${two}`)
  sub.ok(one >= 18, `where one choice gives ${one}`)
  sub.end()
})

function powerOfTwo(backends: readonly Backend[]): PowerOfTwo {
  const strategy = new PowerOfTwo({ random: seededRandom(11) })
  strategy.update(backends)
  return strategy
}

/** Sessions of the fullest backend, when 10,000 never end on 1,000. */
function fullest(make: (random: () => number) => Strategy): number {
  const backends = equalBackends(1_000)
  const strategy = make(seededRandom(5))
  strategy.update(backends)
  for (let i = 0; i < 10_000; i++) lease(strategy, strategy.pick(anyone) as Backend)
  return Math.max(...backends.map(({ active }) => active))
}
