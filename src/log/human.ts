/** `340 B`, `1.2 kB`, `34 MB`: three digits at most, powers of 1,000. */
export function humanBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  let value = bytes
  let unit = -1
  // 999.5 and more would be written with four digits.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000
    unit++
  }
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${BYTE_UNITS[unit]}`
}

/** `0.4 ms`, `12 ms`, `1.2 s`, `3m20s`, `2h05m`. */
export function humanMs(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${ms.toFixed(0)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`
}

/** Local time of day, to the millisecond: `09:05:01.042`. */
export function timeOfDay(wallTimeMs: number): string {
  const date = new Date(wallTimeMs)
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(':')
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB']

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
