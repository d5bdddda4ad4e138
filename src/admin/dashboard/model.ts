import type { BackendSnapshot, PoolSnapshot } from '../../core/snapshot.ts'
import type { Changed } from './api.ts'
import { stateOf } from './backend-state.ts'
import type { Pace } from './backend-track.ts'
import { BackendTrack } from './backend-track.ts'
import type { Front } from './front-track.ts'
import { FrontTrack } from './front-track.ts'
import type { Moment } from './history.ts'
import type { Buckets } from './quantile.ts'
import { quantile } from './quantile.ts'
import type { Status } from '../status.ts'
import { keyOf, unitOf, withChanged } from './status.ts'
import type { Verdict } from './verdict.ts'
import { verdictOf } from './verdict.ts'

/** One backend as it is shown. */
export interface BackendView {
  readonly key: string
  readonly pool: PoolSnapshot
  readonly backend: BackendSnapshot
  readonly pace: Pace
  readonly spark: readonly number[]
}

export interface PoolView {
  readonly pool: PoolSnapshot
  readonly unit: 'request' | 'session'
  readonly rate: number
  readonly errorRate: number
  readonly active: number
  readonly serving: number
  /** Those that ought to: a backup that is not needed does not count. */
  readonly wanted: number
  readonly backends: readonly BackendView[]
}

/** Everything that the page shows of one snapshot. */
export interface View {
  readonly status: Status
  readonly verdict: Verdict
  /** Whose latencies are shown: with HTTP and TCP pools beside each other those of requests. */
  readonly unit: 'request' | 'session'
  /** Some pools count requests and others sessions. What is counted over all of them is both. */
  readonly isMixed: boolean
  readonly pools: readonly PoolView[]
  readonly moment: Moment
}

/** Keeps what one snapshot cannot tell: how fast things go. Pure but for its memory; knows no page. */
export class Model {
  #tracks = new Map<string, BackendTrack>()
  readonly #front = new FrontTrack()
  #at = 0
  #rejected: number[] = []
  #startedAt = 0

  update(status: Status): View {
    if (status.startedAt !== this.#startedAt) this.#forget(status.startedAt)
    const tracks = new Map<string, BackendTrack>()
    const pools = status.pools.map((pool) => this.#poolView(pool, { at: status.at, tracks }))
    this.#tracks = tracks
    const rate = sum(pools, (pool) => pool.rate)
    const errorRate = sum(pools, (pool) => pool.errorRate)
    const errorShare = rate + errorRate < LEAST_RATE ? 0 : errorRate / Math.max(rate, errorRate)
    const verdict = verdictOf(status, { errorShare, rejected: this.#rejectedLately(status) })
    const unit = pools.some((pool) => pool.unit === 'request') ? 'request' : 'session'
    const isMixed = pools.some((pool) => pool.unit !== unit)
    const [front, seconds] = [this.#front.add(status), this.#secondsUntil(status.at)]
    const moment = momentOf(status, { pools, unit, tracks, front, seconds })
    return { status, verdict, unit, isMixed, pools, moment }
  }

  #forget(startedAt: number): void {
    this.#startedAt = startedAt
    this.#tracks.clear()
    this.#front.forget()
    this.#rejected = []
  }

  #poolView(pool: PoolSnapshot, { at, tracks }: { at: number; tracks: Map<string, BackendTrack> }): PoolView {
    const backends = pool.backends.map((backend): BackendView => {
      const key = keyOf(pool.name, backend.id)
      const known = this.#tracks.get(key)
      const track = known ?? new BackendTrack(at, backend)
      known?.add(at, backend)
      tracks.set(key, track)
      return { key, pool, backend, pace: track.pace, spark: track.spark }
    })
    return {
      pool,
      unit: unitOf(pool),
      rate: sum(backends, ({ pace }) => pace.rate),
      errorRate: sum(backends, ({ pace }) => pace.errorRate),
      active: sum(pool.backends, ({ active }) => active),
      serving: pool.backends.filter(({ eligible }) => eligible).length,
      wanted: pool.backends.filter((backend) => stateOf(backend).key !== 'standby').length,
      backends,
    }
  }

  /** Since the snapshot before. The same moment may come twice, with a backend as it was changed. */
  #secondsUntil(at: number): number {
    const seconds = (at - this.#at) / 1_000
    this.#at = at
    return Math.max(LEAST_SECONDS, seconds)
  }

  #rejectedLately({ listeners }: Status): number {
    this.#rejected.push(sum(listeners, ({ rejected }) => rejected))
    if (this.#rejected.length > REJECTED_SAMPLES) this.#rejected.shift()
    return Math.max(0, (this.#rejected.at(-1) as number) - (this.#rejected[0] as number))
  }
}

/** Fewer a second than that, and a share says nothing. */
const LEAST_RATE = 1
const REJECTED_SAMPLES = 10
const LEAST_SECONDS = 0.5

/** A view that is older than the model with one backend as it was changed. What is counted over all of them stays. */
export function viewWithChanged(view: View, changed: Changed): View {
  const key = keyOf(changed.pool, changed.backend.id)
  const pools = view.pools.map((pool) => ({
    ...pool,
    backends: pool.backends.map((one) => (one.key === key ? { ...one, backend: changed.backend } : one)),
  }))
  return { ...view, pools, status: withChanged(view.status, changed) }
}

/**
 * Backends see attempts that a retry made good, and clients see what no backend got: neither counts all, and together
 * they count much twice. So it is whichever is more.
 */
function momentOf(
  status: Status,
  seen: {
    readonly pools: readonly PoolView[]
    readonly unit: PoolView['unit']
    readonly tracks: ReadonlyMap<string, BackendTrack>
    readonly front: Front
    readonly seconds: number
  },
): Moment {
  const { pools, unit, tracks, front, seconds } = seen
  const counted = pools.flatMap((pool) =>
    pool.backends.map(({ key }) => ({ unit: pool.unit, ...(tracks.get(key) as BackendTrack).latest() })),
  )
  // An answer and a connect are not the same kind of time.
  const latency = mergedBuckets(counted.filter((one) => one.unit === unit).map((one) => one.latency))
  const backendRate = sum(pools, ({ backends }) => sum(backends, ({ spark }) => spark.at(-1) ?? 0))
  const backendErrors = sum(counted, ({ errors }) => errors)
  return {
    at: status.at,
    rate: Math.max(backendRate, front.handled / seconds),
    errors: Math.max(backendErrors, front.errors) / seconds,
    active: sum(status.listeners, ({ active }) => active),
    queued: sum(status.pools, ({ queued }) => queued),
    p50: latency && quantile(latency, 0.5),
    p99: latency && quantile(latency, 0.99),
  }
}

/** Of those with the bounds that most have: others cannot be added up. */
function mergedBuckets(all: readonly Buckets[]): Buckets | undefined {
  const busy = all.filter(({ counts }) => counts.some((count) => count > 0))
  const [first] = busy
  if (first === undefined) return undefined
  const counts = first.counts.map(() => 0)
  for (const one of busy) {
    if (one.boundsMs.length !== first.boundsMs.length || one.boundsMs[0] !== first.boundsMs[0]) continue
    for (let i = 0; i < counts.length; i++) counts[i] = (counts[i] as number) + (one.counts[i] as number)
  }
  return { boundsMs: first.boundsMs, counts }
}

function sum<T>(all: readonly T[], valueOf: (one: T) => number): number {
  let total = 0
  for (const one of all) total += valueOf(one)
  return total
}
