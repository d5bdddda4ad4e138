import { systemClock } from '../core/clock.ts'
import type { LogEntry } from '../log/log.ts'
import type { Service } from '../service/service.ts'
import type { CommandContext, StopSignal } from './context.ts'
import { DrainProgress } from './drain-progress.ts'
import { EXIT_FAILED, EXIT_OK } from './exit-codes.ts'
import { hasCursor } from './has-cursor.ts'
import type { HangUps } from './hang-ups.ts'
import type { OpenLog } from './open-log.ts'
import type { StopRequests } from './stop-requests.ts'

/**
 * Serves until SIGTERM or SIGINT; then drains: readiness fails and the service manager hears of it first, then comes the
 * delay in which new sessions are still taken, then the time for open ones to end. A second signal, at any time of that,
 * resets what is left at once, and the exit code tells so: 1 where sessions were cut by it, since they were not given the time that was promised. The deadline
 * of the drain cuts sessions too, but as configured: 0.
 *
 * SIGHUP reads the configuration again, where there is a file; it would end a process that does not listen to it.
 */
export async function serveUntilStopped(
  service: Service,
  options: {
    readonly open: OpenLog
    readonly context: CommandContext
    readonly hangUps: HangUps
    readonly stops: StopRequests
  },
): Promise<number> {
  const { open, context, hangUps, stops } = options
  const { balancer } = service
  const { log } = open
  const hangUp = (): void => {
    if (service.isReloadable)
      void service.reload() // never rejects; its report is an event, and so a line
    else log.write(note('SIGHUP', 'nothing to reload: there is no configuration file'))
  }
  hangUps.begin(hangUp)
  const first = await stops.next()
  log.write(note(first, `${first}: stopping; once more ends at once`))
  const drained = service.drain().then(() => undefined)
  const progress = progressOn(context, open)
  progress.begin(balancer)
  const second = await Promise.race([drained, stops.next()])
  progress.end()
  const code = second === undefined ? EXIT_OK : await hurry(service, { log, signal: second })
  // The log ends here, and what came of it could not be told.
  hangUps.begin(() => undefined)
  await open.destination.end()
  const { dropped } = open.destination
  if (dropped > 0) context.printError(`fairlead: ${dropped} lines of the log were lost\n`)
  return code
}

function progressOn(context: CommandContext, open: OpenLog): DrainProgress {
  const { columns } = context
  return new DrainProgress({ open, onTerminal: hasCursor(context), columns, clock: systemClock })
}

async function hurry(
  service: Service,
  facts: { readonly log: OpenLog['log']; readonly signal: StopSignal },
): Promise<number> {
  const { balancer } = service
  const { listeners } = balancer.snapshot()
  const cut = listeners.reduce((sum, { active }) => sum + active, 0)
  // The drain ends by this as well, but it did not drain: its line would mislead.
  balancer.removeAllListeners('drain:end')
  await service.close()
  facts.log.write(note(facts.signal, `${facts.signal} again: ended at once; open sessions reset: ${cut}`))
  return cut === 0 ? EXIT_OK : EXIT_FAILED
}

function note(signal: StopSignal | 'SIGHUP', msg: string): LogEntry {
  return { level: 'info', event: 'process:signal', msg, fields: { signal } }
}
