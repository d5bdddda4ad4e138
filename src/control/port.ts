import type { BackendOptions } from '../config/options.ts'
import type { Config } from '../config/schema.ts'
import type { BackendMode } from '../core/backend.ts'
import type { Events } from '../core/events.ts'
import type { Explanation, ExplainRequest } from '../core/explanation.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import type { Faults } from '../faults/faults.ts'
import type { LiveSnapshot, SessionSnapshot, Snapshot } from '../core/snapshot.ts'
import type { PassingSnapshot } from './take-snapshot.ts'
import type { Steps } from '../core/steps.ts'

/** Which sessions are meant. What is absent matches any. */
export interface SessionFilter {
  readonly listener?: string | undefined
  readonly pool?: string | undefined
  /** Its id, which means those of all pools, or `pool/id`. */
  readonly backend?: string | undefined
  /** The client's IP address. */
  readonly client?: string | undefined
  /** Most entries; the oldest come first. Default 1,000. */
  readonly most?: number | undefined
}

/**
 * The one port through which the faces (admin API, dashboard, metrics, command line) watch and steer a balancer.
 * Backends are named by their id, or by `pool/id` where there are several pools. An id that several pools have means, of
 * those, the one of the first pool; a `pool/id` that is also the id of another backend means what it says.
 */
export interface ControlPort extends Events {
  /** The configuration in force. Holds secrets. */
  readonly config: Config
  readonly state: Snapshot['state']
  /** As in the snapshot: grows with every commanded change. */
  readonly version: number
  /** Faults on purpose. @throws {FaultsOffError} unless they were switched on at the start */
  readonly faults: Faults
  snapshot(): Snapshot
  /**
   * The same step by step, since a thousand backends and their sessions at once would hold the traffic up. Its backends are
   * as they are whenever they are looked at: for whoever looks at each of them often.
   */
  liveSnapshot(): Steps<LiveSnapshot>
  /** The same for whoever writes it down once: its backends pass one by one; each is good until the next is asked for. */
  passingSnapshot(): Steps<PassingSnapshot>
  /** Open sessions, those of listeners that a reload has closed included. */
  readonly sessionCount: number
  /** @throws {ConfigError} for a filter that is none, as the next ones */
  sessions(filter?: SessionFilter): readonly SessionSnapshot[]
  /**
   * The same step by step, each as it is when its turn has come: ten thousand at once would hold the traffic up. What
   * `visit` is given is good for that call alone; the next one shows another session.
   */
  visitSessions(filter: SessionFilter, visit: (session: SessionSnapshot) => void): Steps<void>
  /** Resets an open session; false where there is none of that number. */
  killSession(id: number): boolean
  /** Resets those that match; tells how many. */
  killSessions(filter: SessionFilter): number
  /** @throws {UnknownBackendError} */
  setMode(id: string, mode: BackendMode): void
  /** @throws {UnknownBackendError | ConfigError} */
  setWeight(id: string, weight: number): void
  /** 0 = unlimited. @throws {UnknownBackendError | ConfigError} */
  setMaxConnections(id: string, maxConnections: number): void
  /** @throws {ConfigError} */
  addBackend(backend: number | string | BackendOptions, where?: { pool?: string }): string
  /** Open sessions live on; `close` resets them. @throws {UnknownBackendError} */
  removeBackend(id: string, how?: { close?: boolean }): void
  /** Resolves to true once no session is open on it, to false when the time is up first. @throws {UnknownBackendError} */
  whenIdle(id: string, how?: { timeoutMs?: number; signal?: AbortSignal }): Promise<boolean>
  /** @throws {ConfigError} for a listener that is unknown */
  explain(request: ExplainRequest): Explanation
  /** Counters and histograms back to zero; gauges, health and open sessions stay. */
  resetCounters(): void
  /** Makes `config` the one in force, touching nothing that is equal in both. A failure changes nothing. Never rejects. */
  reload(config: Config): Promise<ReloadReport>
}
