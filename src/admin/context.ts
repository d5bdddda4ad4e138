import type { ControlPort } from '../control/port.ts'
import type { Clock } from '../core/clock.ts'
import type { ProcessFacts } from '../core/process-facts.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import type { Steps } from '../core/steps.ts'
import type { DashboardFiles } from './dashboard-files.ts'
import type { JsonPart, Writer } from './http/pieces.ts'
import type { EventStreams } from './events/event-streams.ts'
import type { Credentials } from './guards/credentials.ts'
import type { MetricsPage } from './metrics-page.ts'
import type { ReadinessCheck } from './readiness.ts'
import type { Status } from './status.ts'

/** What handlers work with, beside the control port. */
export interface AdminContext {
  readonly control: ControlPort
  readonly clock: Clock
  readonly credentials: Credentials
  readonly streams: EventStreams
  readonly dashboard: DashboardFiles
  readonly checks: readonly ReadinessCheck[]
  /** Reads the configuration again and makes it the one in force; undefined where there is no file. */
  readonly reload: (() => Promise<ReloadReport>) | undefined
  facts(): ProcessFacts
  /** The latest reload; undefined before the first. */
  readonly lastReload: () => ReloadReport | undefined
  readonly metrics: MetricsPage
  /** The same, compressed. */
  readonly gzipMetrics: MetricsPage
  /** Everything at one glance. */
  status(): Steps<Status<JsonPart>>
  readonly writer: Writer
  /** The OpenAPI document as JSON text. */
  document(): string
}
