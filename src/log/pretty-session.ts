import type { SessionEnd } from '../core/events.ts'
import type { PrettyColumns } from './pretty-columns.ts'

/** A session's line for people: who, by whom, how much, how long, and what was out of the ordinary. */
export function prettySession(end: SessionEnd, columns: PrettyColumns): string {
  return [columns.way(end), columns.amounts(end), ...columns.notes(end)].join(' ')
}
