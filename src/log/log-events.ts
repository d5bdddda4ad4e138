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
  options: { readonly level: LogLevel; readonly sessions: boolean },
): void {
  for (const { name, level } of describedEvents) {
    if (!isLogged(level, options.level)) continue
    source.on(name, (event: BalancerEvents[DescribedEvent][0]) => log.write(describeEvent(name, event)))
  }
  if (options.sessions && isLogged('info', options.level)) {
    source.on('session:close', (end) => log.session(end))
  }
}
