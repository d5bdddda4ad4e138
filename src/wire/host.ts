import { isIPv6 } from 'node:net'

/**
 * A host and an optional port, as a Host field holds them: a name of letters, digits, `-`, `.`, `_` and `~`, an IPv4
 * or a bracketed IPv6 address. Not empty, no userinfo, no path. Narrower than RFC 3986's `reg-name`: no name in use
 * holds `%`, `,`, `;` or quotes, and those who read Host, or the X-Forwarded-Host made of it, split at them.
 */
export function isHost(value: string): boolean {
  if (value.length > MOST_HOST_LENGTH) return false
  if (PLAIN.test(value)) return true
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(value)
  return bracketed !== null && isIPv6(bracketed[1] as string)
}

/** Without regard to case, and to a port that is the scheme's own. */
export function isSameHost(a: string, b: string, defaultPort: string): boolean {
  return a === b || comparable(a, defaultPort) === comparable(b, defaultPort)
}

/** The name or address of a Host value, in small letters, without port and brackets. */
export function hostName(value: string): string {
  const host = value.toLowerCase()
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'))
  const colon = host.indexOf(':')
  return colon === -1 ? host : host.slice(0, colon)
}

function comparable(value: string, defaultPort: string): string {
  const host = value.toLowerCase()
  return host.endsWith(`:${defaultPort}`) ? host.slice(0, -defaultPort.length - 1) : host
}

const MOST_HOST_LENGTH = 261 // 255 for a name, a colon, five digits

const PLAIN = /^[A-Za-z0-9._~-]+(?::\d{1,5})?$/
