import type { BackendSnapshot } from '../../core/snapshot.ts'
import type { Buckets } from './quantile.ts'
import { countedSince } from './quantile.ts'
import { errorsOf, handledBy } from './status.ts'

/** What a backend did in the last seconds. */
export interface Pace {
  /** Handled a second. */
  readonly rate: number
  readonly errorRate: number
  readonly toBackendRate: number
  readonly toClientRate: number
  /** Of answers in HTTP mode, of connects in TCP mode. */
  readonly latency: Buckets
}

/** Rates are of so many seconds: long enough not to flicker, short enough to follow. */
const WINDOW_SAMPLES = 5
/** A line of so many seconds in each row. */
export const SPARK_SAMPLES = 60

interface Sample {
  readonly at: number
  readonly handled: number
  readonly errors: number
  readonly toBackend: number
  readonly toClient: number
  readonly buckets: Buckets
}

/** The latest of one backend's counters, out of which its rates come. Holds numbers only, no snapshots. */
export class BackendTrack {
  #samples: Sample[] = []
  /** Handled a second, by second, oldest first. */
  readonly spark: number[] = []
  pace: Pace

  constructor(at: number, backend: BackendSnapshot) {
    const first = sampleOf(at, backend)
    this.#samples.push(first)
    this.pace = paceBetween(first, first)
  }

  add(at: number, backend: BackendSnapshot): void {
    const sample = sampleOf(at, backend)
    const last = this.#samples.at(-1) as Sample
    if (sample.at === last.at) return
    // Counters that went back began anew, and a clock that was put back tells no span: what was before says nothing.
    const isAnew = sample.handled < last.handled || sample.errors < last.errors || sample.at < last.at
    if (isAnew) this.#samples = []
    else this.#pushSpark((sample.handled - last.handled) / ((sample.at - last.at) / 1_000))
    this.#samples.push(sample)
    if (this.#samples.length > WINDOW_SAMPLES + 1) this.#samples.shift()
    this.pace = paceBetween(this.#samples[0] as Sample, sample)
  }

  /** What the latest snapshot counted since the one before. */
  latest(): { readonly handled: number; readonly errors: number; readonly latency: Buckets } {
    const [before, now] = [this.#samples.at(-2), this.#samples.at(-1) as Sample]
    if (before === undefined) return { handled: 0, errors: 0, latency: noneOf(now.buckets) }
    return {
      handled: now.handled - before.handled,
      errors: now.errors - before.errors,
      latency: bucketsBetween(before, now),
    }
  }

  #pushSpark(rate: number): void {
    this.spark.push(rate)
    if (this.spark.length > SPARK_SAMPLES) this.spark.shift()
  }
}

function sampleOf(at: number, backend: BackendSnapshot): Sample {
  return {
    at,
    handled: handledBy(backend),
    errors: errorsOf(backend),
    toBackend: backend.bytesToBackend,
    toClient: backend.bytesToClient,
    buckets: backend.requests?.total ?? backend.connectTime,
  }
}

function paceBetween(from: Sample, to: Sample): Pace {
  const seconds = (to.at - from.at) / 1_000
  const rate = (a: number, b: number): number => (seconds === 0 ? 0 : Math.max(0, (b - a) / seconds))
  return {
    rate: rate(from.handled, to.handled),
    errorRate: rate(from.errors, to.errors),
    toBackendRate: rate(from.toBackend, to.toBackend),
    toClientRate: rate(from.toClient, to.toClient),
    latency: bucketsBetween(from, to),
  }
}

function bucketsBetween(from: Sample, to: Sample): Buckets {
  const { boundsMs, counts } = to.buckets
  const before = from.buckets.boundsMs.length === boundsMs.length ? from.buckets.counts : []
  const counted = from === to ? undefined : countedSince(counts, before)
  return counted === undefined ? noneOf(to.buckets) : { boundsMs, counts: counted }
}

function noneOf({ boundsMs, counts }: Buckets): Buckets {
  return { boundsMs, counts: counts.map(() => 0) }
}
