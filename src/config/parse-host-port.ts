import { isIPv4, isIPv6 } from 'node:net'
import type { TcpAddress, UnixAddress } from '../core/address.ts'
import { InvalidValueError, quote } from './invalid-value.ts'

/** How ports are read: `lowest` is 0 where the system may choose one; `fallback` stands in for a missing port. */
export interface PortRules {
  readonly lowest: 0 | 1
  readonly fallback?: number
}

/**
 * Reads `host:port`, `[::1]:port`. IPv6 hosts lose their brackets and get their shortest form, names become
 * lower case, so that one address has one text.
 *
 * @throws {InvalidValueError}
 */
export function parseHostPort(text: string, rules: PortRules): TcpAddress {
  const { host, port } = splitHostPort(text)
  if (port !== undefined) return { kind: 'tcp', host: parseHost(host), port: parsePort(port, rules) }
  if (rules.fallback === undefined) {
    const name = parseHost(host)
    const shown = isIPv6(name) ? `[${name}]` : name
    throw new InvalidValueError(`${quote(text)} has no port: write ${shown}:3001`)
  }
  return { kind: 'tcp', host: parseHost(host), port: rules.fallback }
}

/** @throws {InvalidValueError} */
export function parsePort(text: string, rules: PortRules): number {
  const port = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (port >= rules.lowest && port <= 65_535) return port
  throw new InvalidValueError(`${quote(text)} is not a port: ports are ${rules.lowest} to 65535`)
}

/**
 * Reads what follows `unix:`.
 *
 * @throws {InvalidValueError}
 */
export function parseUnixPath(text: string): UnixAddress {
  const path = text.startsWith('//') ? text.slice(2) : text
  if (path === '') throw new InvalidValueError('"unix:" lacks a path: write unix:/run/app.sock')
  // Nobody means one, and whoever writes the list of backends could send a terminal's escapes to who looks at it.
  if (/\p{Cc}/u.test(path)) throw new InvalidValueError(`${quote(text)} holds a control character`)
  const bytes = Buffer.byteLength(path)
  if (bytes > MOST_UNIX_PATH_BYTES) {
    throw new InvalidValueError(
      `the path of a unix socket has at most ${MOST_UNIX_PATH_BYTES} bytes; this one has ${bytes}: ${quote(path)}`,
    )
  }
  return { kind: 'unix', path }
}

/** `sun_path` holds 108 bytes on Linux, one of them the closing zero. */
const MOST_UNIX_PATH_BYTES = 107

function splitHostPort(text: string): { host: string; port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  if (bracketed !== null) {
    const host = bracketed[1] as string
    if (!isIPv6(host)) throw new InvalidValueError(`${quote(host)} in brackets is not an IPv6 address`)
    return { host, port: bracketed[2] }
  }
  const colon = text.lastIndexOf(':')
  if (colon === -1) return { host: text, port: undefined }
  const host = text.slice(0, colon)
  if (host.includes(':')) {
    throw new InvalidValueError(
      isIPv6(text) || isIPv6(host)
        ? `${quote(text)} is an IPv6 address without brackets: write [::1]:3001`
        : `${quote(text)} is not an address: write host:port or [::1]:port`,
    )
  }
  return { host, port: text.slice(colon + 1) }
}

function parseHost(host: string): string {
  if (isIPv4(host)) return host
  if (isIPv6(host)) return shortestIPv6(host)
  if (/^[\d.]+$/.test(host) && host !== '') {
    throw new InvalidValueError(`${quote(host)} is not an IPv4 address: it has four numbers from 0 to 255`)
  }
  const isName =
    host.length <= 253 && /^[a-z\d_]([a-z\d_-]*[a-z\d_])?(\.[a-z\d_]([a-z\d_-]*[a-z\d_])?)*\.?$/i.test(host)
  if (!isName) {
    throw new InvalidValueError(
      host === ''
        ? 'a host is missing before the port'
        : `${quote(host)} is neither a host name nor an IP address`,
    )
  }
  return host.toLowerCase()
}

/** A zone (`fe80::1%eth0`) is unknown to URLs; such an address stays as it was written. */
function shortestIPv6(host: string): string {
  if (host.includes('%')) return host.toLowerCase()
  return new URL(`http://[${host}]`).hostname.slice(1, -1)
}
