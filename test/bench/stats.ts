/** The middle value; the mean of the two middle ones of an even number. NaN of nothing. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** Linear interpolation between closest ranks (the method of R-7 and NumPy). NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = ((sorted.length - 1) * percent) / 100
  const below = sorted[Math.floor(rank)] ?? NaN
  const above = sorted[Math.ceil(rank)] ?? NaN
  return below + (above - below) * (rank - Math.floor(rank))
}

/** A median with the least and the most of what it stands for. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Undefined when there is nothing to spread. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * `values[i] / base[i]` of every round that has both. Two neighbours in time share the machine's mood, so the
 * quotient within a round scatters less than the quotient of two medians. A base of zero or less (an added
 * latency may come out so) has no ratio.
 */
export function roundRatios(values: Rounds, base: Rounds): number[] {
  const ratios: number[] = []
  values.forEach((value, round) => {
    const by = base[round]
    if (value !== undefined && by !== undefined && by > 0) ratios.push(value / by)
  })
  return ratios
}

/** One value a round; undefined where the measurement failed. */
export type Rounds = readonly (number | undefined)[]

/** The rounds that have a value. */
export function present(rounds: Rounds): number[] {
  return rounds.filter((value) => value !== undefined)
}
