import { systemClock } from '../core/clock.ts'
import { AccessLog } from '../log/access-log.ts'
import { Destination } from '../log/destination.ts'
import type { Log } from '../log/log.ts'
import { createPaint, type Paint, wantsColor } from '../log/paint.ts'
import { PrettyLog } from '../log/pretty-log.ts'
import type { CommandContext } from './context.ts'
import type { LoggingOptions } from './requests.ts'

export interface OpenLog {
  readonly log: Log
  /** The terminal's view, where that is what was asked for; it takes a banner. */
  readonly pretty: PrettyLog | undefined
  readonly paint: Paint
  readonly destination: Destination
}

/** The log that the options ask for, on the command's output. */
export async function openLog(options: LoggingOptions, context: CommandContext): Promise<OpenLog> {
  const format = options.format ?? (context.stdoutIsTerminal ? 'pretty' : 'json')
  const paint = createPaint(wantsColor({ isTerminal: context.stdoutIsTerminal, env: context.env }))
  const destination = new Destination({
    fd: context.logFd,
    gather: format === 'json',
    onBroken: (error) =>
      context.printError(
        `fairlead: cannot write the log (${error.code}): lines are dropped, traffic goes on\n`,
      ),
  })
  if (format === 'json') {
    const { JsonLog } = await import('../log/json-log.ts')
    const json = new JsonLog(destination, options)
    const log = await withAccessLog(json, options, (line) => destination.write(line))
    return { log, pretty: undefined, paint, destination }
  }
  const pretty = new PrettyLog({ destination, paint, clock: systemClock, level: options.level })
  const log = await withAccessLog(pretty, options, (line) => pretty.raw(line))
  return { log, pretty, paint, destination }
}

/** Requests may have a form of their own, whatever the form of the rest. */
async function withAccessLog(
  log: Log,
  { accessLog, level }: LoggingOptions,
  write: (line: string) => void,
): Promise<Log> {
  if (accessLog === undefined) return log
  if (accessLog === 'json') {
    const { JsonLog } = await import('../log/json-log.ts')
    const json = new JsonLog({ write }, { level })
    return new AccessLog(log, (end) => json.request(end))
  }
  const { commonLine, combinedLine } = await import('../log/common-log.ts')
  const format = accessLog === 'common' ? commonLine : combinedLine
  return new AccessLog(log, (end) => write(`${format(end, systemClock.wallTime())}\n`))
}
