import type { BalancerEvents, Events } from '../core/events.ts'
import { type DescribedEvent, describedEvents, describeEvent } from './describe-event.ts'
import { isLogged, type Log, type LogLevel } from './log.ts'

/**
 * Writes a line for each event that `level` lets through. It listens to nothing else, so that what is not logged
 * costs nothing: a balancer builds no event that nobody wants.
 */
export function logEvents(
  source: Events,
  log: Log,
  options: {
    readonly level: LogLevel
    /** Whether sessions, or in HTTP mode requests, have lines at all. */
    readonly sessions: boolean
    /** Whether a listener takes requests: they have lines then, and its sessions only where it is asked for details. */
    readonly isHttp: (listener: string) => boolean
  },
): void {
  for (const { name, level } of describedEvents) {
    if (!isLogged(level, options.level)) continue
    source.on(name, (event: BalancerEvents[DescribedEvent][0]) => log.write(describeEvent(name, event)))
  }
  if (!options.sessions) return
  if (!isLogged('info', options.level)) return
  source.on('request:end', (end) => log.request(end))
  source.on('session:close', (end) => {
    const level = options.isHttp(end.listener) ? 'debug' : 'info'
    if (isLogged(level, options.level)) log.session(end, level)
  })
}
