import type { RequestEnd } from '../core/events.ts'
import { escapeText } from './escape-text.ts'
import { humanMs } from './human.ts'
import type { Color, Paint } from './paint.ts'
import type { PrettyColumns } from './pretty-columns.ts'

/** A slower beginning than this is worth knowing apart from the whole. */
const SLOW_FIRST_BYTE_MS = 1_000

/** Enough to tell requests apart; more would wrap. */
const MOST_PATH_WIDTH = 60

/** A request's line for people. Method and path stand behind the columns, since no width would fit all. */
export function prettyRequest(end: RequestEnd, columns: PrettyColumns, paint: Paint): string {
  const status = end.status === 0 ? '  -' : String(end.status)
  const parts = [columns.way(end), ` ${paint(statusColor(end.status), status)}`, columns.amounts(end)]
  if (end.method !== '') {
    parts.push(` ${paint('bold', escapeText(end.method))} ${escapeText(end.path, MOST_PATH_WIDTH)}`)
  }
  parts.push(...columns.notes(end))
  if (end.firstByteMs >= SLOW_FIRST_BYTE_MS)
    parts.push(paint('dim', ` first byte ${humanMs(end.firstByteMs)}`))
  return parts.join(' ')
}

function statusColor(status: number): Color {
  if (status === 0 || status >= 500) return 'red'
  if (status >= 400) return 'yellow'
  return status >= 300 ? 'cyan' : 'green'
}
