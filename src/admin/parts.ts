import type { ControlPort } from '../control/port.ts'
import type { Address } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import type { ProcessFacts } from '../core/process-facts.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import type { Steps } from '../core/steps.ts'
import { prometheusParts } from '../metrics/prometheus.ts'
import { writtenPool } from './backend-list.ts'
import type { AdminContext } from './context.ts'
import { DashboardFiles } from './dashboard-files.ts'
import { EventStreams } from './events/event-streams.ts'
import { Credentials } from './guards/credentials.ts'
import { GzipEncoder } from './http/gzip.ts'
import type { JsonPart } from './http/pieces.ts'
import { jsonOf, Writer } from './http/pieces.ts'
import type { AdminLimits } from './limits.ts'
import { openApiText } from './openapi.ts'
import { MetricsPage } from './metrics-page.ts'
import { ProcessMeter } from './process-meter.ts'
import type { ReadinessCheck } from './readiness.ts'
import type { Status } from './status.ts'
import { routes } from './routes.ts'
import type { AdminOptions } from './start-admin.ts'

interface PartsOptions extends AdminOptions {
  readonly clock: Clock
  readonly address: Address
  readonly limits: AdminLimits
}

/** Everything that handlers work with. Call `close` in the end. */
export class Parts implements AdminContext {
  readonly control: ControlPort
  readonly clock: Clock
  readonly credentials: Credentials
  readonly streams: EventStreams
  readonly dashboard: DashboardFiles
  readonly checks: readonly ReadinessCheck[]
  readonly reload: (() => Promise<ReloadReport>) | undefined
  readonly metrics: MetricsPage
  readonly gzipMetrics: MetricsPage
  readonly writer: Writer
  readonly #meter: ProcessMeter
  #lastReload: ReloadReport | undefined
  #document: string | undefined

  constructor(control: ControlPort, options: PartsOptions) {
    const { clock, address, token, limits } = options
    this.control = control
    this.clock = clock
    this.writer = new Writer(clock)
    this.#meter = new ProcessMeter({ clock })
    const page = { clock, writer: this.writer, parts: () => this.#metrics() }
    this.metrics = new MetricsPage(page)
    this.gzipMetrics = new MetricsPage({ ...page, encode: () => new GzipEncoder() })
    const port = address.kind === 'tcp' ? address.port : 'unix'
    this.credentials = new Credentials({ token, clock, cookieName: `fairlead-admin-${port}` })
    this.streams = new EventStreams({
      control,
      clock,
      status: () => jsonOf(this.status()),
      writer: this.writer,
      most: limits,
    })
    this.dashboard = new DashboardFiles(options.dashboard)
    this.checks = options.checks ?? []
    this.reload = options.reload
    control.on('config:reload', this.#onReload)
  }

  facts(): ProcessFacts {
    return this.#meter.facts()
  }

  readonly lastReload = (): ReloadReport | undefined => this.#lastReload

  document(): string {
    return (this.#document ??= openApiText(routes))
  }

  *status(): Steps<Status<JsonPart>> {
    const { control } = this
    const faults = control.config.faults === false ? undefined : control.faults.list().length
    const { pools, ...rest } = yield* control.passingSnapshot()
    return { ...rest, pools: pools.map(writtenPool), process: this.facts(), faults }
  }

  close(): void {
    this.streams.close()
    this.#meter.close()
    this.control.off('config:reload', this.#onReload)
  }

  *#metrics(): Generator<Buffer | void, void> {
    yield* prometheusParts(yield* this.control.liveSnapshot(), this.facts())
  }

  readonly #onReload = (report: ReloadReport): void => {
    this.#lastReload = report
  }
}
