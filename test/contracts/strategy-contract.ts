import * as fc from 'fast-check'
import type { Test } from 'tap'
import type { Backend } from '../../src/core/backend.ts'
import type { Strategy, StrategyFactory } from '../../src/core/strategy.ts'
import {
  anyone,
  backendsOf,
  clientOf,
  equalBackends,
  lease,
  release,
  seededRandom,
} from '../balance/backends.ts'
import { oddsContract } from './odds-contract.ts'
import type { Step } from './strategy-course.ts'
import { arbitraryStep, Course } from './strategy-course.ts'

export interface StrategyContractOptions {
  /** Whether every backend is picked even where none is ever full; default true. */
  readonly spreads?: boolean
  /** Courses of the property test; fewer for one whose updates are dear. Default 150. */
  readonly courses?: number
}

/** After these, two lags of round robin differ by a rounding error that a scan by `current` does not see. */
const NEAR_TIE: Step[] = [0, 0, 41, 0, 208, 0].map((skip) => ({ do: 'pick', client: 0, skip }))

/** What every strategy owes its pool, whatever it chooses by. */
export function strategyContract(
  t: Test,
  factory: StrategyFactory,
  options: StrategyContractOptions = {},
): void {
  const { spreads = true, courses = 150 } = options
  const make = (eligible: readonly Backend[], seed = 1): Strategy => {
    const strategy = factory({ random: seededRandom(seed) })
    strategy.update(eligible)
    return strategy
  }

  void t.test('picks nothing before the first update and of an empty set', (sub) => {
    sub.equal(factory({ random: seededRandom(1) }).pick(anyone), undefined)
    const backends = equalBackends(2)
    const strategy = make(backends)
    strategy.update([])
    sub.equal(strategy.pick(anyone), undefined)
    strategy.update(backends)
    sub.ok(strategy.pick(anyone), 'and picks again when the set is filled again')
    sub.end()
  })

  void t.test('picks the only backend every time', (sub) => {
    const backends = equalBackends(1)
    const strategy = make(backends)
    for (let i = 0; i < 10; i++) sub.equal(strategy.pick(clientOf(i)), backends[0])
    sub.end()
  })

  void t.test('never picks a full backend, and picks it again when it has room', (sub) => {
    const [a, b] = equalBackends(2, 1) as [Backend, Backend]
    const strategy = make([a, b])
    const first = strategy.pick(anyone) as Backend
    lease(strategy, first)
    const second = strategy.pick(anyone) as Backend
    sub.not(second, first)
    lease(strategy, second)
    sub.equal(strategy.pick(anyone), undefined, 'none has room')
    release(strategy, first)
    for (let i = 0; i < 20; i++) sub.equal(strategy.pick(clientOf(i)), first)
    sub.end()
  })

  void t.test('sees at an update that a backend is full, or no longer', (sub) => {
    const [a, b] = equalBackends(2, 10) as [Backend, Backend]
    a.active = 10
    const strategy = make([a, b])
    for (let i = 0; i < 20; i++) sub.equal(strategy.pick(clientOf(i)), b)
    a.active = 1
    b.active = 1
    b.ramp = 0.1
    strategy.update([a, b])
    for (let i = 0; i < 20; i++) sub.equal(strategy.pick(clientOf(i)), a, 'a tenth of ten is one')
    sub.end()
  })

  void t.test('never picks a skipped backend, and forgets the skip at once', (sub) => {
    const backends = equalBackends(3)
    const strategy = make(backends)
    for (const skipped of backends) {
      for (let i = 0; i < 20; i++) sub.not(strategy.pick(clientOf(i), new Set([skipped])), skipped)
    }
    sub.equal(strategy.pick(anyone, new Set(backends)), undefined)
    sub.ok(strategy.pick(anyone, new Set()))
    sub.ok(strategy.pick(anyone, new Set(equalBackends(3))), 'skipped strangers change nothing')
    sub.end()
  })

  void t.test('a skip does not let a full backend in', (sub) => {
    const [a, b] = equalBackends(2, 1) as [Backend, Backend]
    const strategy = make([a, b])
    lease(strategy, a)
    sub.equal(strategy.pick(anyone, new Set([b])), undefined)
    sub.equal(strategy.pick(anyone, new Set([a, b])), undefined)
    sub.equal(strategy.pick(anyone), b)
    sub.end()
  })

  void t.test('never picks a backend of weight 0', (sub) => {
    const [zero, one] = backendsOf([0, 1]) as [Backend, Backend]
    const strategy = make([zero, one])
    for (let i = 0; i < 50; i++) sub.equal(strategy.pick(clientOf(i)), one)
    sub.equal(strategy.pick(anyone, new Set([one])), undefined)
    one.weight = 0
    strategy.update([zero, one])
    sub.equal(strategy.pick(anyone), undefined)
    sub.end()
  })

  void t.test('never picks a removed backend, though its sessions still end', (sub) => {
    const backends = equalBackends(5, 2)
    const strategy = make(backends)
    for (const backend of backends) lease(strategy, backend)
    const removed = backends.shift() as Backend
    strategy.update(backends)
    release(strategy, removed)
    for (let i = 0; i < 100; i++) sub.not(strategy.pick(clientOf(i)), removed)
    sub.end()
  })

  void t.test('reaches every backend when those before it fill up', (sub) => {
    const backends = backendsOf([1, 200, 3, 0.1, 256, 1, 7], 1)
    const strategy = make(backends)
    const reached = new Set<Backend>()
    for (let i = 0; i < backends.length; i++) {
      const picked = strategy.pick(clientOf(i)) as Backend
      lease(strategy, picked)
      reached.add(picked)
    }
    sub.equal(reached.size, backends.length)
    sub.equal(strategy.pick(anyone), undefined)
    sub.end()
  })

  if (spreads) {
    void t.test('reaches every backend, however light', (sub) => {
      const backends = backendsOf([1, 30, 2, 1, 20])
      const strategy = make(backends)
      const reached = new Set<Backend>()
      for (let i = 0; i < 5_000; i++) reached.add(strategy.pick(clientOf(i)) as Backend)
      sub.equal(reached.size, backends.length)
      sub.end()
    })

    void t.test('an update that changes nothing does not send everything to one backend', (sub) => {
      const backends = equalBackends(4)
      const strategy = make(backends)
      const counts = new Map<Backend, number>()
      for (let i = 0; i < 4_000; i++) {
        strategy.update(backends)
        const picked = strategy.pick(clientOf(i)) as Backend
        counts.set(picked, (counts.get(picked) ?? 0) + 1)
      }
      for (const backend of backends) {
        const count = counts.get(backend) ?? 0
        sub.ok(count > 800 && count < 1200, `${backend.id}: ${count} of 4000, fair is 1000`)
      }
      sub.end()
    })
  }

  void t.test('picks the same again under the same random numbers', (sub) => {
    sub.same(sequence(make), sequence(make))
    sub.end()
  })

  oddsContract(t, factory, { courses })

  void t.test('fills, drains and fills 10,000 backends to the last place', (sub) => {
    const backends = equalBackends(10_000, 1)
    const strategy = make(backends)
    for (let round = 0; round < 2; round++) {
      const leased = new Set<Backend>()
      for (let i = 0; i < backends.length; i++) {
        const picked = strategy.pick(clientOf(i)) as Backend
        lease(strategy, picked)
        leased.add(picked)
      }
      sub.equal(leased.size, 10_000, 'each exactly once')
      sub.equal(strategy.pick(anyone), undefined)
      for (const backend of backends) release(strategy, backend)
    }
    sub.end()
  })

  void t.test('keeps its word through any course of picks, releases, skips and updates', (sub) => {
    fc.assert(
      fc.property(fc.integer(), fc.array(arbitraryStep, { maxLength: 120 }), (seed, steps) => {
        const course = new Course(factory({ random: seededRandom(seed) }))
        for (const step of steps) course.take(step)
      }),
      { numRuns: courses, examples: [[0, NEAR_TIE]] },
    )
    sub.end()
  })
}

/** Ids picked while sessions come and go, some backends fill up and the set is updated at times. */
function sequence(make: (eligible: readonly Backend[]) => Strategy): string[] {
  const backends = backendsOf([3, 1, 2, 5, 1], 40)
  const strategy = make(backends)
  const open: Backend[] = []
  return Array.from({ length: 300 }, (_, i) => {
    const picked = strategy.pick(clientOf(i)) as Backend
    lease(strategy, picked)
    open.push(picked)
    if (i % 3 > 0) release(strategy, open.shift() as Backend)
    if (i % 50 === 49) strategy.update(backends)
    return picked.id
  })
}
