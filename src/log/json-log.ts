import { pino } from 'pino'
import type { RequestEnd, SessionEnd } from '../core/events.ts'
import type { Log, LogEntry, LogLevel, SessionLevel } from './log.ts'
import { requestFields } from './request-fields.ts'
import { sessionFields } from './session-fields.ts'

/** One JSON object a line, as pino writes them: `level`, `time` (ms since 1970), facts, `msg`. */
export class JsonLog implements Log {
  readonly #pino

  constructor(destination: { write(line: string): void }, options: { readonly level: LogLevel }) {
    // No process id or host name: whoever collects lines adds them, and they cost bytes in each.
    this.#pino = pino({ level: options.level, base: null }, destination)
  }

  write(entry: LogEntry): void {
    this.#pino[entry.level]({ event: entry.event, ...entry.fields }, entry.msg)
  }

  session(end: SessionEnd, level: SessionLevel): void {
    this.#pino[level](sessionFields(end), 'session')
  }

  request(end: RequestEnd): void {
    this.#pino.info(requestFields(end), 'request')
  }
}
