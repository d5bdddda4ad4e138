import type { EventName, RequestEnd, SessionEnd } from '../core/events.ts'

/** From the most to the least important; `silent` logs nothing. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** One thing worth a line. */
export interface LogEntry {
  readonly level: Exclude<LogLevel, 'silent'>
  /** What happened: an event's name, or one of the process's own. */
  readonly event: EventName | ProcessEvent
  /** A sentence for people, already escaped. */
  readonly msg: string
  /** The facts for machines. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** What happens to the process rather than to a balancer. */
export type ProcessEvent =
  /** Operators can look in from now on. */
  | 'admin:open'
  | 'process:signal'
  | 'process:key'
  /** How far a drain is. */
  | 'process:drain'
  /** Sockets that were opened for us and that we cannot use. */
  | 'process:sockets'
  /** The service manager cannot be told. */
  | 'process:manager'

/** Where lines go: JSON for machines, or the terminal view. */
export interface Log {
  write(entry: LogEntry): void
  /** Called once a session at its end, so it is kept apart from the rest. */
  session(end: SessionEnd, level: SessionLevel): void
  /** The same for a request. */
  request(end: RequestEnd): void
}

/** In HTTP mode the requests tell what happened, and sessions are a detail. */
export type SessionLevel = 'info' | 'debug'

/** Whether a line of `level` is wanted at the threshold. */
export function isLogged(level: LogEntry['level'], threshold: LogLevel): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(threshold) && threshold !== 'silent'
}

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace']
