/** Upper bounds of the buckets in ms, for requests and waits; what takes longer lies in one more bucket behind them. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
]

/** For connects: a neighbour answers within a fraction of a millisecond, and a lost SYN costs a second. */
export const CONNECT_BOUNDS_MS: readonly number[] = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000,
]

/** For whole sessions: from one question to a connection that somebody keeps for a day. */
export const SESSION_BOUNDS_MS: readonly number[] = [
  1, 5, 20, 100, 500, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000,
]

/** How long things took, in constant memory: a count for each bucket, and the sum. */
export class LatencyHistogram {
  readonly boundsMs: readonly number[]
  /** Counts by bucket, not cumulated; one more than there are bounds. */
  readonly counts: Float64Array
  sumMs = 0

  constructor(boundsMs: readonly number[] = LATENCY_BOUNDS_MS) {
    this.boundsMs = boundsMs
    this.counts = new Float64Array(boundsMs.length + 1)
  }

  record(ms: number): void {
    const { boundsMs, counts } = this
    let bucket = 0
    while (bucket < boundsMs.length && ms > (boundsMs[bucket] as number)) bucket++
    counts[bucket] = (counts[bucket] as number) + 1
    this.sumMs += ms
  }

  reset(): void {
    this.counts.fill(0)
    this.sumMs = 0
  }
}
