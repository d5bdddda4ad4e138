import { formatAddress } from '../core/address.ts'
import type { Backend } from '../core/backend.ts'
import type { BackendSnapshot, LatencySnapshot, RequestsSnapshot } from '../core/snapshot.ts'
import type { RequestCounters } from '../core/request-counters.ts'
import { copyHistogram } from './copy-histogram.ts'

/**
 * A backend as a snapshot shows it, but as it is whenever it is looked at, for those who look at a thousand of them once
 * for each of thirty metrics. Copies of their histograms would live all that time, and what lives that long costs the
 * garbage collector, and so the traffic, time.
 */
export class BackendView implements BackendSnapshot {
  readonly id: string
  readonly address: string
  readonly eligible: boolean
  readonly #backend: Backend
  #requests: RequestsView | undefined = undefined

  /** @param eligible as it was when the view was taken. */
  constructor(backend: Backend, eligible: boolean) {
    this.id = backend.id
    this.address = formatAddress(backend.address)
    this.eligible = eligible
    this.#backend = backend
  }

  get mode(): BackendSnapshot['mode'] {
    return this.#backend.mode
  }

  get healthy(): boolean {
    return this.#backend.healthy
  }

  get ejected(): boolean {
    return this.#backend.ejected
  }

  get weight(): number {
    return this.#backend.weight
  }

  get effectiveWeight(): number {
    return this.#backend.effectiveWeight
  }

  get backup(): boolean {
    return this.#backend.backup
  }

  get maxConnections(): number {
    return this.#backend.maxConnections
  }

  get active(): number {
    return this.#backend.active
  }

  get sessions(): number {
    return this.#backend.sessions
  }

  get connectFailures(): number {
    return this.#backend.connectFailures
  }

  get ejections(): number {
    return this.#backend.ejections
  }

  get totalEjections(): number {
    return this.#backend.totalEjections
  }

  get connectTime(): LatencySnapshot {
    return copyHistogram(this.#backend.connectTime)
  }

  get sessionTime(): LatencySnapshot {
    return copyHistogram(this.#backend.sessionTime)
  }

  get bytesToBackend(): number {
    return this.#backend.bytesToBackend
  }

  get bytesToClient(): number {
    return this.#backend.bytesToClient
  }

  get checks(): number {
    return this.#backend.checks
  }

  get failedChecks(): number {
    return this.#backend.failedChecks
  }

  get lastCheck(): BackendSnapshot['lastCheck'] {
    return this.#backend.lastCheck
  }

  get lastCheckAt(): number | undefined {
    return this.#backend.lastCheckAt === 0 ? undefined : this.#backend.lastCheckAt
  }

  get healthySince(): number {
    return this.#backend.healthySince
  }

  get healthReason(): string | undefined {
    return this.#backend.healthReason === '' ? undefined : this.#backend.healthReason
  }

  get requests(): RequestsSnapshot | undefined {
    const { requests } = this.#backend
    if (requests !== undefined) this.#requests ??= new RequestsView(requests)
    return this.#requests
  }
}

class RequestsView implements RequestsSnapshot {
  readonly #counters: RequestCounters

  constructor(counters: RequestCounters) {
    this.#counters = counters
  }

  get answers(): Readonly<Record<string, number>> {
    return this.#counters.answers.toRecord()
  }

  get failed(): number {
    return this.#counters.failed
  }

  get firstByte(): LatencySnapshot {
    return copyHistogram(this.#counters.firstByte)
  }

  get total(): LatencySnapshot {
    return copyHistogram(this.#counters.total)
  }
}
