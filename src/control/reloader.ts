import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/schema.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import type { DataPlane } from './data-plane.ts'
import { describeChanges, ONLY_AT_START } from './describe-changes.ts'
import { diffConfig } from './diff-config.ts'
import { applyToDataPlane, STOPPING } from './reload.ts'

/** Who asks for reloads. */
export interface ReloadCaller {
  readonly current: () => Config
  /** Called once, in order, when a reload is done or refused. */
  readonly done: (report: ReloadReport, inForce: Config) => void
}

interface Done {
  readonly report: ReloadReport
  readonly inForce: Config
}

/** Reloads one at a time, in the order in which they are asked for. */
export class Reloader {
  readonly #plane: DataPlane
  readonly #wallTime: () => number
  readonly #stopping: AbortSignal
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(plane: DataPlane, options: { wallTime: () => number; stopping: AbortSignal }) {
    this.#plane = plane
    this.#wallTime = options.wallTime
    this.#stopping = options.stopping
  }

  get isBusy(): boolean {
    return this.#waiting > 0
  }

  async settled(): Promise<void> {
    await this.#last
  }

  /** Never rejects. */
  reload(next: Config, caller: ReloadCaller): Promise<ReloadReport> {
    this.#waiting++
    const report = this.#inTurn(this.#last, next, caller)
    this.#last = report.catch(() => undefined) // Somebody who heard of it threw: theirs to report, not ours to wait for.
    return report
  }

  async #inTurn(before: Promise<unknown>, next: Config, caller: ReloadCaller): Promise<ReloadReport> {
    await before
    const { report, inForce } = await this.#reload(next, caller)
    this.#waiting--
    caller.done(report, inForce)
    return report
  }

  async #reload(next: Config, { current }: ReloadCaller): Promise<Done> {
    const before = current()
    const stopping = this.#stopping
    if (stopping.aborted) return { report: this.#refused(STOPPING), inForce: before }
    // What a restart alone brings stays as it is, and is said to.
    const { io, faults, log, pidFile } = before
    const after: Config = { ...next, io, faults, log, pidFile }
    const needsRestart = ONLY_AT_START.filter((key) => !isDeepStrictEqual(next[key], before[key]))
    const changes = diffConfig(before, after)
    try {
      await applyToDataPlane(this.#plane, { before, after, changes, stopping })
    } catch (error) {
      return {
        report: this.#refused(error instanceof Error ? error.message : String(error)),
        inForce: before,
      }
    }
    const at = this.#wallTime()
    return {
      report: { at, ok: true, changes: describeChanges(changes), problems: [], needsRestart },
      inForce: after,
    }
  }

  #refused(problem: string): ReloadReport {
    return { at: this.#wallTime(), ok: false, changes: [], problems: problem.split('\n'), needsRestart: [] }
  }
}
