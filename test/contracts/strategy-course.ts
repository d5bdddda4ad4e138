import * as fc from 'fast-check'
import type { Backend } from '../../src/core/backend.ts'
import type { Strategy } from '../../src/core/strategy.ts'
import { backendsOf, clientOf, lease, release } from '../balance/backends.ts'

export type Step =
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

export const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
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
export class Course {
  readonly #strategy: Strategy
  readonly #all = backendsOf(Array<number>(SET_SIZE).fill(1), 3)
  readonly #sessions: Backend[] = []
  #eligible: readonly Backend[] = []
  /** Every pick so far, by id. */
  readonly picks: string[] = []

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
    const odds = this.#strategy.odds?.(clientOf(client), skipSet)
    const picked = this.#strategy.pick(clientOf(client), skipSet)
    this.picks.push(picked?.id ?? 'none')
    if (odds !== undefined) checkOdds(odds, { possible, picked })
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

/** Whoever was picked was likely, or certain, to be picked, and nobody impossible was likely. */
function checkOdds(
  odds: ReadonlyMap<Backend, number>,
  { possible, picked }: { possible: readonly Backend[]; picked: Backend | undefined },
): void {
  const said = [...odds].map(([backend, chance]) => `${backend.id} ${chance}`).join(', ')
  const sum = [...odds.values()].reduce((all, chance) => all + chance, 0)
  const isSound = [...odds].every(([backend, chance]) => possible.includes(backend) && chance > 0)
  const isWhole = picked === undefined ? odds.size === 0 : Math.abs(sum - 1) < 1e-9 && odds.has(picked)
  if (!isSound || !isWhole) throw new Error(`picked ${picked?.id ?? 'none'}, the odds were ${said || 'none'}`)
}

function names(backends: readonly Backend[]): string {
  return backends.map(({ id }) => id).join(', ') || 'none'
}
