import { formatDuration } from '../config/format-duration.ts'
import type { CheckConfig } from '../config/schema.ts'

/** `tcp, every 2s`, `http /health, every 2s`, `off` */
export function checkInWords(check: CheckConfig): string {
  if (check.kind === 'off') return 'off'
  const what = check.kind === 'http' ? `http ${check.http.path}` : check.kind
  return `${what}, every ${formatDuration(check.intervalMs)}`
}
