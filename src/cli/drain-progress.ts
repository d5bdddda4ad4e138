import { formatDuration } from '../config/format-duration.ts'
import type { Config } from '../config/schema.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { Snapshot } from '../core/snapshot.ts'
import type { OpenLog } from './open-log.ts'

const TICK_MS = 1_000
/** Where no terminal shows it, a line of the log this often is enough. */
const TICKS_A_LINE = 5

/** What of a balancer is shown. */
interface Draining {
  readonly config: Pick<Config, 'shutdownDelayMs' | 'shutdownTimeoutMs'>
  snapshot(): Pick<Snapshot, 'listeners'>
}

/**
 * Tells while a balancer drains how many sessions are left and for how long: on a terminal one line that is written
 * anew each second, else a line of the log each five seconds.
 */
export class DrainProgress {
  readonly #options: {
    readonly open: OpenLog
    readonly onTerminal: boolean
    readonly columns: number
    readonly clock: Clock
  }
  #timer: Timer | undefined
  #isShown = false

  constructor(options: {
    readonly open: OpenLog
    readonly onTerminal: boolean
    readonly columns: number
    readonly clock: Clock
  }) {
    this.#options = options
  }

  begin(balancer: Draining): void {
    const { clock } = this.#options
    const startedAt = clock.now()
    let ticks = 0
    const tick = (): void => {
      this.#timer = clock.setTimer(tick, TICK_MS)
      this.#show(balancer, { elapsedMs: clock.now() - startedAt, ticks: ticks++ })
    }
    tick()
  }

  end(): void {
    this.#timer?.cancel()
    if (this.#isShown) this.#options.open.pretty?.status('')
    this.#isShown = false
  }

  #show(balancer: Draining, at: { readonly elapsedMs: number; readonly ticks: number }): void {
    const { open, onTerminal, columns } = this.#options
    const sessions = balancer.snapshot().listeners.reduce((sum, { active }) => sum + active, 0)
    // Gone in a moment: not worth a flicker.
    if (at.ticks === 0 && sessions === 0 && balancer.config.shutdownDelayMs === 0) return
    const msg = progressText(balancer.config, { sessions, elapsedMs: at.elapsedMs })
    if (onTerminal && open.pretty !== undefined) {
      this.#isShown = true
      open.pretty.status(open.paint('yellow', `${msg}; Ctrl-C ends at once`.slice(0, columns - 1)))
    } else if (at.ticks > 0 && at.ticks % TICKS_A_LINE === 0) {
      open.log.write({ level: 'info', event: 'process:drain', msg, fields: { sessions } })
    }
  }
}

/** `draining: 12 sessions left, 18s`, `draining: accepting for 3s more, 12 sessions open` */
export function progressText(
  plan: Draining['config'],
  now: { readonly sessions: number; readonly elapsedMs: number },
): string {
  const { shutdownDelayMs, shutdownTimeoutMs } = plan
  const sessions = now.sessions === 1 ? '1 session' : `${now.sessions} sessions`
  const delayLeftMs = shutdownDelayMs - now.elapsedMs
  if (delayLeftMs > 0) return `draining: accepting for ${seconds(delayLeftMs)} more, ${sessions} open`
  const left = shutdownTimeoutMs === 0 ? 'as long as it takes' : seconds(delayLeftMs + shutdownTimeoutMs)
  return `draining: ${sessions} left, ${left}`
}

function seconds(ms: number): string {
  return formatDuration(Math.max(0, Math.round(ms / 1_000)) * 1_000)
}
