import { LatencyHistogram } from './latency-histogram.ts'

/** What a backend did with the HTTP requests that it was sent; a few hundred bytes, however many they were. */
export class RequestCounters {
  /** Answers by the hundreds of their status; index 0 is unused. */
  readonly answers = new Float64Array(10)
  /** Requests that it left without an answer, or without the whole of it, by its fault. */
  failed = 0
  /** From the request's head to the answer's. */
  readonly firstByte = new LatencyHistogram()
  /** From the request's head to the answer's end. */
  readonly total = new LatencyHistogram()

  answered(status: number, firstByteMs: number): void {
    const hundreds = Math.trunc(status / 100)
    this.answers[hundreds] = (this.answers[hundreds] as number) + 1
    this.firstByte.record(firstByteMs)
  }

  fail(): void {
    this.failed++
  }
}
