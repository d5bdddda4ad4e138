import fc from 'fast-check'
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

export interface StrategyContractOptions {
  /** Whether every backend is picked even where none is ever full; default true. */
  readonly spreads?: boolean
}

/** What every strategy owes its pool, whatever it chooses by. */
export function strategyContract(
  t: Test,
  factory: StrategyFactory,
  options: StrategyContractOptions = {},
): void {
  const { spreads = true } = options
  const make = (eligible: readonly Backend[], seed = 1): Strategy => {
    const strategy = factory({ random: seededRandom(seed) })
    strategy.update(eligible)
    return strategy
  }

  t.test('picks nothing before the first update and of an empty set', (t) => {
    t.equal(factory({ random: seededRandom(1) }).pick(anyone), undefined)
    const backends = equalBackends(2)
    const strategy = make(backends)
    strategy.update([])
    t.equal(strategy.pick(anyone), undefined)
    strategy.update(backends)
    t.ok(strategy.pick(anyone), 'and picks again when the set is filled again')
    t.end()
  })

  t.test('picks the only backend every time', (t) => {
    const backends = equalBackends(1)
    const strategy = make(backends)
    for (let i = 0; i < 10; i++) t.equal(strategy.pick(clientOf(i)), backends[0])
    t.end()
  })

  t.test('never picks a full backend, and picks it again when it has room', (t) => {
    const [a, b] = equalBackends(2, 1) as [Backend, Backend]
    const strategy = make([a, b])
    const first = strategy.pick(anyone) as Backend
    lease(strategy, first)
    const second = strategy.pick(anyone) as Backend
    t.not(second, first)
    lease(strategy, second)
    t.equal(strategy.pick(anyone), undefined, 'none has room')
    release(strategy, first)
    for (let i = 0; i < 20; i++) t.equal(strategy.pick(clientOf(i)), first)
    t.end()
  })

  t.test('sees at an update that a backend is full, or no longer', (t) => {
    const [a, b] = equalBackends(2, 10) as [Backend, Backend]
    a.active = 10
    const strategy = make([a, b])
    for (let i = 0; i < 20; i++) t.equal(strategy.pick(clientOf(i)), b)
    a.active = 1
    b.active = 1
    b.ramp = 0.1
    strategy.update([a, b])
    for (let i = 0; i < 20; i++) t.equal(strategy.pick(clientOf(i)), a, 'a tenth of ten is one')
    t.end()
  })

  t.test('never picks a skipped backend, and forgets the skip at once', (t) => {
    const backends = equalBackends(3)
    const strategy = make(backends)
    for (const skipped of backends) {
      for (let i = 0; i < 20; i++) t.not(strategy.pick(clientOf(i), new Set([skipped])), skipped)
    }
    t.equal(strategy.pick(anyone, new Set(backends)), undefined)
    t.ok(strategy.pick(anyone, new Set()))
    t.ok(strategy.pick(anyone, new Set(equalBackends(3))), 'skipped strangers change nothing')
    t.end()
  })

  t.test('a skip does not let a full backend in', (t) => {
    const [a, b] = equalBackends(2, 1) as [Backend, Backend]
    const strategy = make([a, b])
    lease(strategy, a)
    t.equal(strategy.pick(anyone, new Set([b])), undefined)
    t.equal(strategy.pick(anyone, new Set([a, b])), undefined)
    t.equal(strategy.pick(anyone), b)
    t.end()
  })

  t.test('never picks a backend of weight 0', (t) => {
    const [zero, one] = backendsOf([0, 1]) as [Backend, Backend]
    const strategy = make([zero, one])
    for (let i = 0; i < 50; i++) t.equal(strategy.pick(clientOf(i)), one)
    t.equal(strategy.pick(anyone, new Set([one])), undefined)
    one.weight = 0
    strategy.update([zero, one])
    t.equal(strategy.pick(anyone), undefined)
    t.end()
  })

  t.test('never picks a removed backend, though its sessions still end', (t) => {
    const backends = equalBackends(5, 2)
    const strategy = make(backends)
    for (const backend of backends) lease(strategy, backend)
    const removed = backends.shift() as Backend
    strategy.update(backends)
    release(strategy, removed)
    for (let i = 0; i < 100; i++) t.not(strategy.pick(clientOf(i)), removed)
    t.end()
  })

  t.test('reaches every backend when those before it fill up', (t) => {
    const backends = backendsOf([1, 200, 3, 0.1, 256, 1, 7], 1)
    const strategy = make(backends)
    const reached = new Set<Backend>()
    for (let i = 0; i < backends.length; i++) {
      const picked = strategy.pick(clientOf(i)) as Backend
      lease(strategy, picked)
      reached.add(picked)
    }
    t.equal(reached.size, backends.length)
    t.equal(strategy.pick(anyone), undefined)
    t.end()
  })

  if (spreads) {
    t.test('reaches every backend, however light', (t) => {
      const backends = backendsOf([1, 30, 2, 1, 20])
      const strategy = make(backends)
      const reached = new Set<Backend>()
      for (let i = 0; i < 5_000; i++) reached.add(strategy.pick(clientOf(i)) as Backend)
      t.equal(reached.size, backends.length)
      t.end()
    })

    t.test('an update that changes nothing does not send everything to one backend', (t) => {
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
        t.ok(count > 800 && count < 1200, `${backend.id}: ${count} of 4000, fair is 1000`)
      }
      t.end()
    })
  }

  t.test('picks the same again under the same random numbers', (t) => {
    const run = (): string[] => {
      const backends = backendsOf([3, 1, 2, 5, 1], 40)
      const strategy = make(backends, 7)
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
    t.same(run(), run())
    t.end()
  })

  t.test('fills, drains and fills 10,000 backends to the last place', (t) => {
    const backends = equalBackends(10_000, 1)
    const strategy = make(backends)
    for (let round = 0; round < 2; round++) {
      const leased = new Set<Backend>()
      for (let i = 0; i < backends.length; i++) {
        const picked = strategy.pick(clientOf(i)) as Backend
        lease(strategy, picked)
        leased.add(picked)
      }
      t.equal(leased.size, 10_000, 'each exactly once')
      t.equal(strategy.pick(anyone), undefined)
      for (const backend of backends) release(strategy, backend)
    }
    t.end()
  })

  t.test('keeps its word through any course of picks, releases, skips and updates', (t) => {
    fc.assert(
      fc.property(fc.integer(), fc.array(arbitraryStep, { maxLength: 120 }), (seed, steps) => {
        const course = new Course(factory({ random: seededRandom(seed) }))
        for (const step of steps) course.take(step)
      }),
      { numRuns: 150 },
    )
    t.end()
  })
}

type Step =
  | { readonly do: 'pick'; readonly client: number; readonly skip: number }
  | { readonly do: 'release'; readonly session: number }
  | {
      readonly do: 'update'
      readonly present: number
      readonly weights: readonly number[]
      readonly ramp: number
    }

const SET_SIZE = 8
/** One bit for each backend. */
const arbitraryMask = fc.nat(2 ** SET_SIZE - 1)

const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pick' as const),
      client: fc.nat(255),
      skip: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: arbitraryMask }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), session: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      present: arbitraryMask,
      weights: fc.array(fc.nat(256), { minLength: SET_SIZE, maxLength: SET_SIZE }),
      ramp: fc.constantFrom(0.1, 0.37, 1),
    }),
  },
)

/** A pool in small, that checks each pick against what could have been picked. */
class Course {
  readonly #strategy: Strategy
  readonly #all = backendsOf(Array<number>(SET_SIZE).fill(1), 3)
  readonly #sessions: Backend[] = []
  #eligible: readonly Backend[] = []

  constructor(strategy: Strategy) {
    this.#strategy = strategy
    this.#update(this.#all)
  }

  take(step: Step): void {
    if (step.do === 'pick') this.#pick(step.client, this.#chosen(step.skip))
    else if (step.do === 'release') this.#release(step.session)
    else {
      for (const [i, backend] of this.#all.entries()) backend.weight = step.weights[i] as number
      for (const backend of this.#all.slice(0, 3)) backend.ramp = step.ramp
      this.#update(this.#chosen(step.present))
    }
  }

  #pick(client: number, skip: readonly Backend[]): void {
    const skipSet = skip.length === 0 ? undefined : new Set(skip)
    const possible = this.#eligible.filter(
      (backend) => backend.effectiveWeight > 0 && !backend.isFull && skipSet?.has(backend) !== true,
    )
    const picked = this.#strategy.pick(clientOf(client), skipSet)
    if (picked === undefined) {
      if (possible.length > 0) throw new Error(`picked none of ${names(possible)}`)
      return
    }
    if (!possible.includes(picked)) throw new Error(`picked ${picked.id}, possible were ${names(possible)}`)
    lease(this.#strategy, picked)
    this.#sessions.push(picked)
  }

  #release(session: number): void {
    if (this.#sessions.length === 0) return
    const [backend] = this.#sessions.splice(session % this.#sessions.length, 1) as [Backend]
    release(this.#strategy, backend)
  }

  #update(eligible: readonly Backend[]): void {
    this.#eligible = eligible
    this.#strategy.update(eligible)
  }

  #chosen(mask: number): Backend[] {
    return this.#all.filter((_, i) => (mask & (1 << i)) !== 0)
  }
}

function names(backends: readonly Backend[]): string {
  return backends.map(({ id }) => id).join(', ') || 'none'
}
