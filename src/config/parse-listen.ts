import type { Address } from '../core/address.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { parseHostPort, parsePort, parseUnixPath } from './parse-host-port.ts'

/**
 * Reads an address to listen on: `8080` (all interfaces), `host:8080`, `[::1]:8080`, `tcp://host:8080`,
 * `unix:/run/app.sock`. Port 0 lets the system choose.
 *
 * "All interfaces" becomes the host `::`, which takes IPv4 and IPv6 alike; whoever opens it falls back to
 * `0.0.0.0` on a machine without IPv6.
 *
 * @throws {InvalidValueError}
 */
export function parseListen(input: number | string): Address {
  const text = String(input).trim()
  if (text === '')
    throw new InvalidValueError('an address to listen on is empty: write 8080 or 127.0.0.1:8080')
  if (text.includes(',')) {
    throw new InvalidValueError(`${quote(text)}: only one address to listen on is possible`)
  }
  if (text.startsWith('unix:')) return parseUnixPath(text.slice('unix:'.length))
  const { scheme, rest } = splitScheme(text)
  if (scheme === 'tls' || scheme === 'https') {
    throw new InvalidValueError(
      `${quote(text)}: fairlead does not terminate TLS yet; it passes TLS through untouched: write ${rest || '8443'}`,
    )
  }
  if (scheme === 'http') {
    throw new InvalidValueError(
      `${quote(text)}: write ${rest || '8080'}, and http:// before the backends or mode http make it HTTP`,
    )
  }
  if (scheme !== undefined && scheme !== 'tcp') {
    throw new InvalidValueError(
      `${quote(text)}: ${quote(`${scheme}://`)} is not known: write tcp://host:port`,
    )
  }
  const anyHost = /^\*?:(\d+)$/.exec(rest)
  if (anyHost !== null) return { kind: 'tcp', host: '::', port: parsePort(anyHost[1] as string, ANY_PORT) }
  if (/^[\d+-]+$/.test(rest)) return { kind: 'tcp', host: '::', port: parsePort(rest, ANY_PORT) }
  return parseHostPort(rest, ANY_PORT)
}

/** Cuts `scheme://` off; a slash at the end goes too. */
export function splitScheme(text: string): { scheme: string | undefined; rest: string } {
  const match = /^([a-z][a-z\d+.-]*):\/\/(.*)$/i.exec(text)
  if (match === null) return { scheme: undefined, rest: text }
  return { scheme: (match[1] as string).toLowerCase(), rest: (match[2] as string).replace(/\/$/, '') }
}

const ANY_PORT = { lowest: 0 } as const
