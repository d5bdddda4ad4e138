import type { Address } from './address.ts'
import { CONNECT_BOUNDS_MS, LatencyHistogram, SESSION_BOUNDS_MS } from './latency-histogram.ts'
import { RequestCounters } from './request-counters.ts'

/** Commanded by operators alone. `drain`: no new clients, open sessions live on. `maint`: also no checks. */
export type BackendMode = 'ready' | 'drain' | 'maint'

/** How a backend is reached: in the clear, or with TLS (SNI and verification by its host name). */
export type BackendTransport = 'plain' | 'tls'

/** What is configured of a backend. */
export interface BackendSpec {
  /** Unique within its pool; the name in logs, snapshots and commands. */
  readonly id: string
  readonly address: Address
  readonly transport: BackendTransport
  /** 0 to 256; 0 takes no new connections. */
  readonly weight: number
  /** Serves only while no other backend is eligible. */
  readonly backup: boolean
  /** Most sessions at once; 0 = unlimited. Excess waits in the pool's queue. */
  readonly maxConnections: number
  /** State before its first check, where that is not the pool's own choice. */
  readonly initial?: 'up' | 'down' | undefined
}

/** The last health check of a backend. */
export interface CheckResult {
  readonly ok: boolean
  /** HAProxy's codes: L4OK L4TOUT L4CON L6OK L6TOUT L6RSP L7OK L7TOUT L7RSP L7STS. */
  readonly code: CheckCode
  /** The status line or the error's text. */
  readonly text: string
  readonly durationMs: number
}

export const CHECK_CODES = [
  'L4OK',
  'L4TOUT',
  'L4CON',
  'L6OK',
  'L6TOUT',
  'L6RSP',
  'L7OK',
  'L7TOUT',
  'L7RSP',
  'L7STS',
] as const

export type CheckCode = (typeof CHECK_CODES)[number]

/**
 * One address that does the work, with its state and its counters. It is the only owner of both: nobody else
 * stores a copy. Observed state (`healthy`, written by health alone), passive state (`ejected`, by the pool)
 * and commanded state (`mode`, `weight`, by operators) are separate facts and never mix.
 */
export class Backend {
  readonly id: string
  /** Name of the pool that it belongs to. */
  readonly pool: string
  readonly address: Address
  readonly transport: BackendTransport
  readonly initial: 'up' | 'down' | undefined
  backup: boolean
  maxConnections: number

  // Commanded.
  mode: BackendMode = 'ready'
  weight: number
  /** Its pool has it no more; open sessions live on. */
  isRemoved = false
  /** Removed together with its sessions: what is dialled still must not become one. */
  isClosed = false

  /** Called when its last session is over. Undefined until somebody has waited for that. */
  onIdle: Set<() => void> | undefined = undefined

  // Observed by active checks.
  healthy = true
  lastCheck: CheckResult | undefined = undefined
  /** Wall-clock ms of its end; 0 before the first. */
  lastCheckAt = 0
  /** Wall-clock ms of the last change of `healthy`. */
  healthySince = 0
  /** Why it changed last, in words; `''` while it is as it began. */
  healthReason = ''

  // Observed by traffic.
  ejected = false
  /** How often in a row it was ejected; sets how long the next ejection lasts. */
  ejections = 0
  /** Failed connects in a row. */
  failuresInRow = 0
  /** HTTP requests in a row that were reset before an answer, on connections that were new. */
  requestFailuresInRow = 0

  /** 0.1 to 1 while it comes back slowly, 1 otherwise; scales weight and connection limit. */
  ramp = 1

  // Counters; they only grow, but for `active`.
  active = 0
  sessions = 0
  connectFailures = 0
  /** All ejections, however far apart. */
  totalEjections = 0
  /** Of connects that succeeded, each by itself: what failed before on other backends is theirs. */
  readonly connectTime = new LatencyHistogram(CONNECT_BOUNDS_MS)
  /** TCP mode: from the accepted connection to its end. */
  readonly sessionTime = new LatencyHistogram(SESSION_BOUNDS_MS)
  bytesToBackend = 0
  bytesToClient = 0
  checks = 0
  failedChecks = 0
  #requests: RequestCounters | undefined = undefined

  constructor(spec: BackendSpec, pool: string) {
    this.id = spec.id
    this.pool = pool
    this.address = spec.address
    this.transport = spec.transport
    this.weight = spec.weight
    this.initial = spec.initial
    this.backup = spec.backup
    this.maxConnections = spec.maxConnections
  }

  /** HTTP mode only; undefined before the first request. */
  get requests(): RequestCounters | undefined {
    return this.#requests
  }

  /** The same for those who count. */
  get countedRequests(): RequestCounters {
    return (this.#requests ??= new RequestCounters())
  }

  /** The weight that strategies balance by: the commanded one, scaled while it comes back slowly. */
  get effectiveWeight(): number {
    return this.ramp === 1 ? this.weight : this.weight * this.ramp
  }

  /** The connection limit in force; Infinity when there is none. */
  get connectionLimit(): number {
    if (this.maxConnections === 0) return Infinity
    return this.ramp === 1 ? this.maxConnections : Math.max(1, Math.floor(this.maxConnections * this.ramp))
  }

  /** Counters back to zero; open sessions stay. */
  resetCounters(): void {
    this.sessions = 0
    this.connectFailures = 0
    this.totalEjections = 0
    this.connectTime.reset()
    this.sessionTime.reset()
    this.bytesToBackend = 0
    this.bytesToClient = 0
    this.checks = 0
    this.failedChecks = 0
    this.#requests?.reset()
  }

  /** No room for one more session. */
  get isFull(): boolean {
    return this.maxConnections !== 0 && this.active >= this.connectionLimit
  }
}
