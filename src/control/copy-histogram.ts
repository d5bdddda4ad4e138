import type { LatencyHistogram } from '../core/latency-histogram.ts'
import type { LatencySnapshot } from '../core/snapshot.ts'

/** A histogram as plain data. */
export function copyHistogram({ boundsMs, counts, sumMs }: LatencyHistogram): LatencySnapshot {
  // Not spread: of a thousand backends that alone would hold the loop up for over a millisecond.
  const copied: number[] = []
  for (let i = 0; i < counts.length; i++) copied.push(counts[i] as number)
  return { boundsMs, counts: copied, sumMs }
}
