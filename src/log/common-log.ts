import type { RequestEnd } from '../core/events.ts'
import { escapeText } from './escape-text.ts'
import { MOST_PATH_CHARACTERS } from './request-fields.ts'

/**
 * One request in the Common Log Format: `host - - [time] "request" status bytes`. The time is that of the line, the
 * bytes are those of the response's body as it was sent, which are `%b` of Apache and `$body_bytes_sent` of nginx; the
 * query is left out. What is not there is `-`.
 */
export function commonLine(end: RequestEnd, wallTimeMs: number): string {
  const { method, path, version, status, bodyBytesOut } = end
  const request = requestLine(method, path, version)
  const facts = [status === 0 ? '-' : status, bodyBytesOut === 0 ? '-' : bodyBytesOut].join(' ')
  return `${hostOf(end.client)} - - [${commonTime(wallTimeMs)}] ${quoted(request)} ${facts}`
}

/** The same with `Referer` and `User-Agent`: Apache's and nginx's `combined`. */
export function combinedLine(end: RequestEnd, wallTimeMs: number): string {
  return `${commonLine(end, wallTimeMs)} ${quoted(end.referer)} ${quoted(end.userAgent)}`
}

/** Of a request that was refused, its version or all of it may not be known. */
function requestLine(method: string, path: string, version: string): string {
  if (path === '') return '-'
  return version === '' ? `${method} ${path}` : `${method} ${path} HTTP/${version}`
}

/** The client's address without its port: `192.0.2.1`, `2001:db8::1`. */
function hostOf(client: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*)):\d+$/.exec(client) ?? []
  return escapeText(bracketed ?? plain ?? client).replaceAll(' ', '_') || '-'
}

/** Backslashes are doubled already, so that `\"` cannot be the end of anything. */
function quoted(text: string): string {
  return text === '' ? '"-"' : `"${escapeText(text, MOST_PATH_CHARACTERS).replaceAll('"', '\\"')}"`
}

/** `10/Oct/2000:13:55:36 -0700`, local time. */
function commonTime(wallTimeMs: number): string {
  const date = new Date(wallTimeMs)
  const day = `${pad(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(':')
  const minutes = -date.getTimezoneOffset()
  const sign = minutes < 0 ? '-' : '+'
  const zone = `${pad(Math.floor(Math.abs(minutes) / 60))}${pad(Math.abs(minutes) % 60)}`
  return `${day}:${time} ${sign}${zone}`
}

/** English, whatever the locale: those who read the format expect it. */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
