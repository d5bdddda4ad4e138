/** `0`, `0.4`, `12`, `1,204`, `34.5k`, `1.2M`: short enough for a column. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  if (Math.abs(value) < 10) return value.toFixed(Number.isInteger(value) ? 0 : 1)
  if (Math.abs(value) < 9_999.5) return Math.round(value).toLocaleString('en-US')
  if (Math.abs(value) < 999_500) return `${(value / 1e3).toFixed(value < 99_950 ? 1 : 0)}k`
  return `${(value / 1e6).toFixed(value < 99.95e6 ? 1 : 0)}M`
}

/** `12,345`: as it is. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** `340 B`, `1.2 kB`, `34 MB`: powers of 1,000. */
export function formatBytes(bytes: number): string {
  if (bytes < 999.5) return `${Math.round(bytes)} B`
  let value = bytes
  let unit = -1
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000
    unit++
  }
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${BYTE_UNITS[unit]}`
}

/** `0.4 ms`, `12 ms`, `1.2 s`, `3 min`. */
export function formatMs(ms: number): string {
  if (ms === 0) return '0 ms'
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`
  return formatAge(ms)
}

/** `3 s`, `2 min`, `5 h`, `12 d`: how long ago or for how long, in one unit, rounded down as clocks do. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 48 * 3_600) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `4 d 3 h`, `3 h 12 min`, `12 min 5 s`: in two units. */
export function formatUptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24]
  const minutes = Math.floor(seconds / 60) % 60
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}

/** `12%`, `0.4%`. */
export function formatShare(share: number): string {
  const percent = share * 100
  return `${percent === 0 || percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1)}%`
}

/** Local time of day: `09:05:01`. */
function formatTime(wallTimeMs: number): string {
  const date = new Date(wallTimeMs)
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}

/** Local time, with the day where that is not today's: `09:05:01`, `Nov 21 09:05:01`, `Dec 31, 2025 23:59:59`. */
export function formatMoment(wallTimeMs: number, nowMs = Date.now()): string {
  const [then, now] = [new Date(wallTimeMs), new Date(nowMs)]
  const time = formatTime(wallTimeMs)
  if (then.toDateString() === now.toDateString()) return time
  const year = then.getFullYear() === now.getFullYear() ? undefined : 'numeric'
  return `${then.toLocaleDateString('en-US', { month: 'short', day: 'numeric', year })} ${time}`
}

/** `1 session`, `12 sessions`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listInWords(names: readonly string[], most = 3): string {
  const shown = names.length > most ? names.slice(0, most - 1) : names
  const rest = names.length - shown.length
  const parts = rest > 0 ? [...shown, `${formatCount(rest)} more`] : shown
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB', 'PB']
