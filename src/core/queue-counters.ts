import { LatencyHistogram } from './latency-histogram.ts'

/** Why somebody who wanted to wait for a backend got none. */
export type QueueFailureReason = 'timeout' | 'no-backend' | 'full' | 'client-left'

/** What became of those who had to wait for a backend with room. */
export class QueueCounters {
  /** How long they waited, whatever came of it. */
  readonly time = new LatencyHistogram()
  /** `full`: there was no place to wait. */
  readonly failures: Record<QueueFailureReason, number> = noFailures()

  reset(): void {
    this.time.reset()
    Object.assign(this.failures, noFailures())
  }
}

function noFailures(): Record<QueueFailureReason, number> {
  return { timeout: 0, 'no-backend': 0, full: 0, 'client-left': 0 }
}
