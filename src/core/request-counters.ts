import { LatencyHistogram } from './latency-histogram.ts'
import { StatusCounts } from './status-counts.ts'

/** What a backend did with the HTTP requests that it was sent; a few hundred bytes, however many they were. */
export class RequestCounters {
  /** What it answered. */
  readonly answers = new StatusCounts()
  /** Requests that it left without an answer, or without the whole of it, by its fault. */
  failed = 0
  /** From the request's head to the answer's. */
  readonly firstByte = new LatencyHistogram()
  /** From the request's head to the answer's end. */
  readonly total = new LatencyHistogram()

  answered(status: number, firstByteMs: number): void {
    this.answers.add(status)
    this.firstByte.record(firstByteMs)
  }

  fail(): void {
    this.failed++
  }

  reset(): void {
    this.answers.reset()
    this.failed = 0
    this.firstByte.reset()
    this.total.reset()
  }
}
