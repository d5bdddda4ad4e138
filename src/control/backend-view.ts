import { formatAddress } from '../core/address.ts'
import type { Backend } from '../core/backend.ts'
import type { LatencyHistogram } from '../core/latency-histogram.ts'
import type { LiveBackend, RequestsSnapshot } from '../core/snapshot.ts'
import type { RequestCounters } from '../core/request-counters.ts'

/**
 * A backend as a snapshot shows it, but as it is whenever it is looked at. Copies of histograms by the thousand would cost
 * the garbage collector, and so the traffic, time.
 */
export class BackendView implements LiveBackend {
  eligible = false
  #backend!: Backend

  /** @param eligible as it is now; it stays so until the next call. */
  show(backend: Backend, eligible: boolean): this {
    this.#backend = backend
    this.eligible = eligible
    return this
  }

  get id(): string {
    return this.#backend.id
  }

  get address(): string {
    return formatAddress(this.#backend.address)
  }

  get mode(): LiveBackend['mode'] {
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

  get connectTime(): LatencyHistogram {
    return this.#backend.connectTime
  }

  get sessionTime(): LatencyHistogram {
    return this.#backend.sessionTime
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

  get lastCheck(): LiveBackend['lastCheck'] {
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

  get requests(): RequestsView | undefined {
    const { requests } = this.#backend
    return requests === undefined ? undefined : new RequestsView(requests)
  }
}

class RequestsView implements RequestsSnapshot<LatencyHistogram> {
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

  get firstByte(): LatencyHistogram {
    return this.#counters.firstByte
  }

  get total(): LatencyHistogram {
    return this.#counters.total
  }
}
