import type { RequestEnd, SessionEnd } from '../core/events.ts'
import type { Log, LogEntry, SessionLevel } from './log.ts'

/** Writes requests in a form of their own, and all else as the log behind it does. */
export class AccessLog implements Log {
  readonly #log: Log
  readonly #request: (end: RequestEnd) => void

  constructor(log: Log, request: (end: RequestEnd) => void) {
    this.#log = log
    this.#request = request
  }

  write(entry: LogEntry): void {
    this.#log.write(entry)
  }

  session(end: SessionEnd, level: SessionLevel): void {
    this.#log.session(end, level)
  }

  request(end: RequestEnd): void {
    this.#request(end)
  }
}
