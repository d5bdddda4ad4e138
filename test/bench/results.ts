import type { Spread } from './stats.ts'
import { median, present, roundRatios, spread } from './stats.ts'
import type { ViewName } from './options.ts'

/** What one contender gave for one figure in one view. */
export interface Result {
  readonly view: ViewName
  readonly figure: string
  readonly contender: string
  /** One a round; undefined (null in JSON) where it failed. */
  readonly rounds: (number | undefined)[]
  median: number | undefined
  /** To the reference of the figure's suite in the same round; undefined where there is none. */
  ratio: Spread | undefined
}

/** Collects what the rounds give, and sums it up. */
export class Results {
  readonly all: Result[] = []

  add(of: { view: ViewName; figure: string; contender: string; round: number }, value: number): void {
    const { view, figure, contender, round } = of
    let result = this.find(view, figure, contender)
    if (result === undefined) {
      result = { view, figure, contender, rounds: [], median: undefined, ratio: undefined }
      this.all.push(result)
    }
    while (result.rounds.length < round) result.rounds.push(undefined)
    result.rounds[round] = value
  }

  /** Fills in medians and ratios; each figure has one of the references. */
  conclude(...references: readonly string[]): void {
    for (const result of this.all) {
      const values = present(result.rounds)
      const base = references
        .map((reference) => this.find(result.view, result.figure, reference))
        .find((found) => found !== undefined)
      result.median = values.length === 0 ? undefined : median(values)
      result.ratio = base === undefined ? undefined : spread(roundRatios(result.rounds, base.rounds))
    }
  }

  find(view: ViewName, figure: string, contender: string): Result | undefined {
    return this.all.find(
      (result) => result.view === view && result.figure === figure && result.contender === contender,
    )
  }
}
