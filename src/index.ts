/** The public API of fairlead. */
export { type Admin, type AdminOptions, startAdmin } from './admin/start-admin.ts'
export type { AdminLimits } from './admin/limits.ts'
export type { ReadinessCheck } from './admin/readiness.ts'
export type { Balancer } from './control/balancer.ts'
export { createBalancer } from './control/create-balancer.ts'
export { defineConfig } from './config/file-options.ts'
export type {
  AdminOptions as AdminFileOptions,
  DefaultSettings,
  DiscoverOptions,
  FairleadConfig,
  ListenerFileOptions,
  LogOptions,
  PoolFileOptions,
  ShutdownOptions,
} from './config/file-options.ts'
export type {
  BackendOptions,
  BalancerOptions,
  Duration,
  ListenerSettings,
  PoolOptions,
  PoolSettings,
  RouteOptions,
  Size,
} from './config/options.ts'
export type { Config } from './config/schema.ts'
export type { ControlPort, SessionFilter } from './control/port.ts'
export type { PassingSnapshot } from './control/take-snapshot.ts'
export type { EventData, EventMatch, WaitForOptions } from './control/witness.ts'
export type { StrategyName } from './balance/strategies.ts'
export type { Address, TcpAddress, UnixAddress } from './core/address.ts'
export { formatAddress } from './core/address.ts'
export type { Backend, BackendMode, CheckCode, CheckResult } from './core/backend.ts'
export type { Clock, Timer } from './core/clock.ts'
export {
  ClosedError,
  ConfigError,
  type ConfigProblem,
  FairleadError,
  FaultsOffError,
  type Leak,
  LeakError,
  ListenError,
  UnknownBackendError,
  WaitTimeoutError,
} from './core/errors.ts'
export type {
  BackendRef,
  BalancerEvents,
  EndCode,
  EventName,
  FailedAttempt,
  FaultRef,
  RequestEnd,
  SessionEnd,
} from './core/events.ts'
export type { BackendExplanation, ExplainRequest, Explanation } from './core/explanation.ts'
export type { FaultDirection, FaultScope, FaultSpec, FaultSubject, FaultType } from './faults/fault-spec.ts'
export type { Fault, Faults } from './faults/faults.ts'
export type { PastEvent } from './core/event-history.ts'
export type { Probe, ProbeResult } from './core/probe.ts'
export type { QueueFailureReason } from './core/queue-counters.ts'
export type { ReloadReport } from './core/reload-report.ts'
export type { Seed } from './core/seed.ts'
export type {
  BackendSnapshot,
  EndCounts,
  Latencies,
  LatencySnapshot,
  ListenerRequestsSnapshot,
  ListenerSnapshot,
  LiveBackend,
  LiveSnapshot,
  Mode,
  PoolSnapshot,
  ReloadsSnapshot,
  RequestsSnapshot,
  SessionSnapshot,
  Snapshot,
} from './core/snapshot.ts'
export type { Steps } from './core/steps.ts'
export type { ClientKey, Strategy, StrategyFactory } from './core/strategy.ts'
