import * as fc from 'fast-check'
import type { Test } from 'tap'
import type { Backend } from '../../src/core/backend.ts'
import type { Strategy, StrategyFactory } from '../../src/core/strategy.ts'
import { anyone, backendsOf, clientOf, lease, seededRandom, tolerance } from '../balance/backends.ts'
import { arbitraryStep, Course } from './strategy-course.ts'

const PICKS = 20_000

/** What a strategy says of its next pick. That it holds for every single pick, `Course` checks. */
export function oddsContract(t: Test, factory: StrategyFactory, { courses }: { courses: number }): void {
  void t.test('asking for the odds changes no pick', (sub) => {
    fc.assert(
      fc.property(fc.integer(), fc.array(arbitraryStep, { maxLength: 120 }), (seed, steps) => {
        const asked = factory({ random: seededRandom(seed) })
        const silent = withoutOdds(factory({ random: seededRandom(seed) }))
        const [one, other] = [new Course(asked), new Course(silent)]
        for (const step of steps) {
          for (let i = 0; i < 5; i++) asked.odds?.(clientOf(i))
          one.take(step)
          other.take(step)
        }
        if (one.picks.join() !== other.picks.join())
          throw new Error(`${one.picks.join()}; ${other.picks.join()}`)
      }),
      { numRuns: Math.ceil(courses / 3) },
    )
    sub.end()
  })

  void t.test('the odds agree with how often each is picked, also with one skipped', (sub) => {
    const backends = backendsOf([5, 1, 0, 3, 3, 1], 8)
    const strategy = factory({ random: seededRandom(3) })
    strategy.update(backends)
    for (const [i, active] of [7, 2, 0, 3, 3, 8].entries()) {
      for (let n = 0; n < active; n++) lease(strategy, backends[i] as Backend)
    }
    for (const skip of [undefined, new Set(backends.slice(3, 4))]) {
      const odds = strategy.odds?.(anyone, skip) ?? new Map()
      sub.ok(odds.size > 0, 'all of ours can tell')
      if (odds.size === 1) {
        sub.equal(strategy.pick(anyone, skip), [...odds.keys()][0])
        continue
      }
      const counts = new Map(backends.map((backend) => [backend, 0]))
      for (let i = 0; i < PICKS; i++) {
        const picked = strategy.pick(anyone, skip)
        if (picked !== undefined) counts.set(picked, (counts.get(picked) ?? 0) + 1)
      }
      for (const [backend, count] of counts) {
        const chance = odds.get(backend) ?? 0
        const off = Math.abs(count - PICKS * chance)
        sub.ok(off <= tolerance(PICKS, chance), `${backend.id}: ${count} of ${PICKS}, said ${chance}`)
      }
    }
    sub.end()
  })

  void t.test('there are no odds where none can be picked', (sub) => {
    const strategy = factory({ random: seededRandom(1) })
    sub.equal(strategy.odds?.(anyone).size, 0)
    const backends = backendsOf([1, 0], 1)
    strategy.update(backends)
    sub.equal(strategy.odds?.(anyone).get(backends[0] as Backend), 1)
    sub.equal(strategy.odds?.(anyone, new Set(backends)).size, 0)
    lease(strategy, backends[0] as Backend)
    sub.equal(strategy.odds?.(anyone).size, 0)
    sub.end()
  })
}

function withoutOdds(strategy: Strategy): Strategy {
  return {
    update: (eligible) => strategy.update(eligible),
    changed: (backend) => strategy.changed?.(backend),
    pick: (client, skip) => strategy.pick(client, skip),
  }
}
