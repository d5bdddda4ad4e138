import type { BackendSnapshot, LatencySnapshot } from '../../core/snapshot.ts'
import type { Status } from './ask-status.ts'

/** What a backend did between two looks at it, per second. */
export interface BackendRates {
  /** Sessions or, in HTTP mode, requests. */
  readonly perSecond: number
  readonly failedPerSecond: number
  readonly bytesPerSecond: number
  /** Of what ended between the two looks; undefined where nothing did. */
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
}

const NONE: BackendRates = {
  perSecond: 0,
  failedPerSecond: 0,
  bytesPerSecond: 0,
  p50Ms: undefined,
  p99Ms: undefined,
}

/** Rates by `pool/backend`. Counters that went back (a reset, a restart) count as no rate. */
export function ratesBetween(before: Status | undefined, now: Status): ReadonlyMap<string, BackendRates> {
  const seconds = before === undefined ? 0 : (now.at - before.at) / 1_000
  const old = new Map(
    before?.pools.flatMap(({ name, backends }) => backends.map((each) => [`${name}/${each.id}`, each])) ?? [],
  )
  return new Map(
    now.pools.flatMap(({ name, backends }) =>
      backends.map((backend) => {
        const key = `${name}/${backend.id}`
        const was = old.get(key)
        return [key, was === undefined || seconds <= 0 ? NONE : rates(was, backend, seconds)]
      }),
    ),
  )
}

function rates(was: BackendSnapshot, is: BackendSnapshot, seconds: number): BackendRates {
  const per = (now: number, before: number): number => Math.max(0, now - before) / seconds
  const latencies = difference(latencyOf(was), latencyOf(is))
  return {
    perSecond: per(is.sessions, was.sessions),
    failedPerSecond: per(failures(is), failures(was)),
    bytesPerSecond: per(is.bytesToBackend + is.bytesToClient, was.bytesToBackend + was.bytesToClient),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  }
}

function failures({ connectFailures, requests }: BackendSnapshot): number {
  return connectFailures + (requests?.failed ?? 0)
}

/** HTTP: until the first byte of an answer. TCP: to connect. */
function latencyOf({ requests, connectTime }: BackendSnapshot): LatencySnapshot {
  return requests?.firstByte ?? connectTime
}

function difference(was: LatencySnapshot, is: LatencySnapshot): LatencySnapshot {
  const counts = is.counts.map((count, i) => Math.max(0, count - (was.counts[i] ?? 0)))
  return { ...is, counts }
}

/** The upper bound of the bucket that holds it; what lies beyond all bounds counts as the last of them. */
function quantile({ counts, boundsMs }: LatencySnapshot, q: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all === 0) return undefined
  let seen = 0
  for (const [i, count] of counts.entries()) {
    seen += count
    if (seen >= all * q) return boundsMs[i] ?? boundsMs.at(-1)
  }
  return boundsMs.at(-1)
}
