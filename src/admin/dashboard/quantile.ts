/** Counts by bucket within a span of time, and the buckets' upper bounds in ms. */
export interface Buckets {
  readonly boundsMs: readonly number[]
  /** Not cumulated; one more than there are bounds. */
  readonly counts: readonly number[]
}

/**
 * What share `q` of all took no longer than, in ms; undefined where nothing was counted. Within a bucket it is taken
 * to be spread evenly, as Prometheus does; beyond the last bound it is that bound.
 */
export function quantile({ boundsMs, counts }: Buckets, q: number): number | undefined {
  let total = 0
  for (const count of counts) total += count
  if (total <= 0) return undefined
  const rank = q * total
  let seen = 0
  for (let i = 0; i < boundsMs.length; i++) {
    const count = counts[i] as number
    if (count > 0 && seen + count >= rank) {
      const from = i === 0 ? 0 : (boundsMs[i - 1] as number)
      return from + ((boundsMs[i] as number) - from) * Math.max(0, (rank - seen) / count)
    }
    seen += count
  }
  return boundsMs.at(-1)
}

/** What was counted between two moments; undefined where the later one has less, since counters began anew. */
export function countedSince(now: readonly number[], before: readonly number[]): number[] | undefined {
  const counted = now.map((count, i) => count - (before[i] ?? 0))
  return counted.some((count) => count < 0) ? undefined : counted
}
