/** Upper bounds of the buckets in ms; what takes longer lies in one more bucket behind them. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
]

/** How long things took, in constant memory: a count for each bucket, and the sum. */
export class LatencyHistogram {
  /** Counts by bucket, not cumulated; one more than there are bounds. */
  readonly counts = new Float64Array(LATENCY_BOUNDS_MS.length + 1)
  sumMs = 0

  record(ms: number): void {
    let bucket = 0
    while (bucket < LATENCY_BOUNDS_MS.length && ms > (LATENCY_BOUNDS_MS[bucket] as number)) bucket++
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.sumMs += ms
  }
}
