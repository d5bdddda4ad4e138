import type { ReloadReport } from './reload-report.ts'

/** How reloads went, for alerts: one that failed leaves a balancer that runs on and is not what its file says. */
export class ReloadCounters {
  succeeded = 0
  failed = 0
  /** The start counts as a success. */
  wasLastOk = true
  /** Wall-clock ms. */
  lastOkAt: number

  constructor(startedAt: number) {
    this.lastOkAt = startedAt
  }

  note({ ok, at }: ReloadReport): void {
    this.wasLastOk = ok
    if (!ok) return void this.failed++
    this.succeeded++
    this.lastOkAt = at
  }

  reset(): void {
    this.succeeded = 0
    this.failed = 0
  }
}
