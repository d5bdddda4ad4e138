import type { BackendMode, CheckResult } from './backend.ts'
import type { EndCode, FailedAttempt } from './events.ts'
import type { QueueFailureReason } from './queue-counters.ts'

/**
 * A copy of everything that an operator may want to see, taken at one moment. Plain data: `JSON.stringify` it.
 *
 * @typeParam Backends of each pool, in whatever way they are shown
 */
export interface Snapshot<Backends = readonly BackendSnapshot[]> {
  /** Wall-clock time, ms since 1970. */
  readonly at: number
  readonly startedAt: number
  readonly state: 'running' | 'draining' | 'closed'
  /**
   * Grows with every change that somebody commanded: modes, weights, limits, backends, reloads. Begins with the time of
   * the start, in ms since 1970.
   */
  readonly version: number
  readonly reloads: ReloadsSnapshot
  readonly listeners: readonly ListenerSnapshot[]
  readonly pools: readonly PoolSnapshot<Backends>[]
}

/** How changes of the configuration went; the start is no reload. */
export interface ReloadsSnapshot {
  readonly succeeded: number
  readonly failed: number
  /** Whether what runs is what was asked for last. */
  readonly lastOk: boolean
  /** Wall-clock ms of the last that succeeded, or of the start. */
  readonly lastOkAt: number
}

export interface ListenerSnapshot {
  readonly name: string
  readonly address: string
  readonly pool: string
  readonly mode: Mode
  /** Open sessions. */
  readonly active: number
  /** Sessions accepted since the start, those over the limit included. */
  readonly accepted: number
  /** Sessions reset because the listener was full. */
  readonly rejected: number
  readonly maxConnections: number
  /** Ended sessions by two-letter code. */
  readonly ends: EndCounts
  /** HTTP mode only. */
  readonly requests?: ListenerRequestsSnapshot | undefined
}

/** Whether bytes are forwarded as they are, or requests one by one. */
export type Mode = 'tcp' | 'http'

/** How many ended with each code; codes without any are absent. */
export type EndCounts = Readonly<Partial<Record<EndCode, number>>>

/** Requests that a listener took, those that it answered itself included. */
export interface ListenerRequestsSnapshot {
  readonly ends: EndCounts
  /** What clients were answered, by the class of the status: `{ '2xx': 41 }`; classes without any are absent. */
  readonly answers: Readonly<Record<string, number>>
  /** Requests that ended without an answer: cut, or their client had gone. */
  readonly unanswered: number
}

export interface PoolSnapshot<Backends = readonly BackendSnapshot[]> {
  readonly name: string
  readonly strategy: string
  /** Of the listeners that send to it. */
  readonly modes: readonly Mode[]
  /** Sessions that wait for a backend with room. */
  readonly queued: number
  /** Connects that failed and were tried again elsewhere. */
  readonly retries: number
  /** HTTP requests that were sent once more, to another backend or on another connection. */
  readonly replays: number
  /** How long those waited that had to, whatever came of it. */
  readonly queueTime: LatencySnapshot
  /** Those that waited in vain, or found the queue full. */
  readonly queueFailures: Readonly<Record<QueueFailureReason, number>>
  readonly backends: Backends
}

/** @typeParam Latency its histograms: copies, or those that go on counting */
export interface BackendSnapshot<Latency extends Latencies = LatencySnapshot> {
  readonly id: string
  readonly address: string
  readonly mode: BackendMode
  readonly healthy: boolean
  readonly ejected: boolean
  /** May be picked for a new session right now (it may still be full). */
  readonly eligible: boolean
  readonly weight: number
  /** `weight` as it counts now: less while the backend comes back slowly. */
  readonly effectiveWeight: number
  readonly backup: boolean
  readonly maxConnections: number
  readonly active: number
  readonly sessions: number
  readonly connectFailures: number
  /** In a row; sets how long the next one lasts. */
  readonly ejections: number
  readonly totalEjections: number
  /** Of connects that succeeded. */
  readonly connectTime: Latency
  /** TCP mode: of whole sessions. */
  readonly sessionTime: Latency
  readonly bytesToBackend: number
  readonly bytesToClient: number
  readonly checks: number
  readonly failedChecks: number
  readonly lastCheck: CheckResult | undefined
  /** Wall-clock ms when that was done. */
  readonly lastCheckAt?: number | undefined
  /** Wall-clock ms since when `healthy` is as it is. */
  readonly healthySince: number
  /** Why it changed then, in words; absent while it is as it began. */
  readonly healthReason?: string | undefined
  /** HTTP mode, once there was a request. */
  readonly requests?: RequestsSnapshot<Latency> | undefined
}

export interface RequestsSnapshot<Latency extends Latencies = LatencySnapshot> {
  /** Answers by the class of their status: `{ '2xx': 41, '5xx': 1 }`; classes without any are absent. */
  readonly answers: Readonly<Record<string, number>>
  /** Requests that ended without a whole answer, by the backend's fault. */
  readonly failed: number
  readonly firstByte: Latency
  readonly total: Latency
}

/** A backend as it is whenever it is looked at: nothing of it is copied. */
export type LiveBackend = BackendSnapshot<Latencies>

/** The same as a snapshot with backends that are as they are whenever they are looked at. */
export type LiveSnapshot = Snapshot<readonly LiveBackend[]>

/** A histogram. */
export interface Latencies {
  /** Upper bounds in ms. */
  readonly boundsMs: readonly number[]
  /** Counts by bucket, not cumulated; one more than there are bounds. */
  readonly counts: ArrayLike<number>
  readonly sumMs: number
}

/** The same as plain data. */
export interface LatencySnapshot extends Latencies {
  readonly counts: readonly number[]
}

/** One open session. */
export interface SessionSnapshot {
  readonly id: number
  readonly listener: string
  /** The client's address and port; `unix` on a unix socket. */
  readonly client: string
  readonly pool: string
  /** Who serves it now; undefined while it queues, connects, or is an HTTP session between two requests. */
  readonly backend: string | undefined
  /** Backends that failed before, in order. */
  readonly tried: readonly FailedAttempt[]
  readonly bytesIn: number
  readonly bytesOut: number
  readonly queueMs: number
  readonly connectMs: number
  readonly ageMs: number
}
