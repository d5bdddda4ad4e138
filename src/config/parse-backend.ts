import type { Address } from '../core/address.ts'
import type { BackendTransport } from '../core/backend.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { parseHostPort, parsePort, parseUnixPath } from './parse-host-port.ts'
import { splitScheme } from './parse-listen.ts'

/** What one backend's text says. */
export interface BackendText {
  readonly id: string | undefined
  readonly address: Address
  readonly transport: BackendTransport
  /** Given as `http://` or `https://`. */
  readonly isHttp: boolean
  readonly weight: number | undefined
}

/**
 * Reads one backend: `[name=]address[@weight]`, where the address is `3001` (127.0.0.1), `host:3001`,
 * `[::1]:3001`, `unix:/run/app.sock`, `tcp://host:port`, `tls://host:port`, `http://host[:port]` (port 80 by
 * default) or `https://host[:port]` (TLS to the backend, port 443 by default).
 *
 * @throws {InvalidValueError}
 */
export function parseBackendText(text: string): BackendText {
  const trimmed = text.trim()
  if (trimmed === '') throw new InvalidValueError('a backend is empty: write 3001 or host:3001')
  const { id, rest } = splitName(trimmed)
  const at = /^(.*)@(\d+|\d*\.\d+|-\d+)?$/.exec(rest)
  const weight = at === null ? undefined : parseWeight(at[2] ?? '', trimmed)
  return { id, weight, ...parseBackendAddress(at === null ? rest : (at[1] as string)) }
}

/**
 * Cuts a list of backends at its commas: `3001,3002`. A path of a unix socket can therefore hold no comma.
 *
 * @throws {InvalidValueError}
 */
export function splitBackends(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length > 1 && parts.includes('')) {
    throw new InvalidValueError(`${quote(text)} has a comma with no backend beside it`)
  }
  return parts
}

/** What a backend may be called: `[A-Za-z0-9._:\[\]/-]`, 1 to 128 characters; a dot segment is no part of a URL. */
export function isBackendId(text: string): boolean {
  return /^(?!\.{1,2}$)[A-Za-z0-9._:[\]/-]{1,128}$/.test(text)
}

/** @throws {InvalidValueError} */
export function parseBackendAddress(text: string): Pick<BackendText, 'address' | 'transport' | 'isHttp'> {
  if (text.startsWith('unix:')) {
    return { address: parseUnixPath(text.slice('unix:'.length)), transport: 'plain', isHttp: false }
  }
  if (/^[\d+-]+$/.test(text)) {
    return {
      address: { kind: 'tcp', host: '127.0.0.1', port: parsePort(text, REAL_PORT) },
      transport: 'plain',
      isHttp: false,
    }
  }
  const { scheme, rest } = splitScheme(text)
  const known = SCHEMES[scheme ?? 'tcp']
  if (known === undefined) {
    throw new InvalidValueError(
      `${quote(text)}: ${quote(`${scheme}://`)} is not known: write tcp://, tls://, http://, https:// or unix:`,
    )
  }
  const outside = /[/?#]/.exec(rest)
  if (outside !== null && scheme !== undefined) {
    throw new InvalidValueError(
      `${quote(text)} has a path, but a backend is only a host and a port: write ${scheme}://${rest.slice(0, outside.index)}`,
    )
  }
  if (/^:[^:]*$/.test(rest)) {
    throw new InvalidValueError(`${quote(text)} has no host: write ${rest.slice(1)} or 127.0.0.1${rest}`)
  }
  return {
    address: parseHostPort(rest, known.port),
    transport: known.transport,
    isHttp: scheme === 'http' || scheme === 'https',
  }
}

const REAL_PORT = { lowest: 1 } as const

const SCHEMES: Readonly<
  Record<string, { transport: BackendTransport; port: { lowest: 1; fallback?: number } } | undefined>
> = {
  tcp: { transport: 'plain', port: REAL_PORT },
  tls: { transport: 'tls', port: REAL_PORT },
  http: { transport: 'plain', port: { lowest: 1, fallback: 80 } },
  https: { transport: 'tls', port: { lowest: 1, fallback: 443 } },
}

/** An equals sign inside a unix socket's path or a URL is no name. */
function splitName(text: string): { id: string | undefined; rest: string } {
  const equals = text.indexOf('=')
  const before = text.slice(0, equals)
  if (equals === -1 || before.startsWith('unix:') || before.includes('://'))
    return { id: undefined, rest: text }
  if (!isBackendId(before)) {
    throw new InvalidValueError(
      `${quote(before)} cannot name a backend: use letters, digits and . _ : - / [ ], at most 128`,
    )
  }
  return { id: before, rest: text.slice(equals + 1) }
}

function parseWeight(text: string, whole: string): number {
  const weight = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (weight >= 0 && weight <= MOST_WEIGHT) return weight
  throw new InvalidValueError(
    `${quote(whole)}: the weight after @ is a whole number from 0 to ${MOST_WEIGHT}, not ${quote(text)}`,
  )
}

export const MOST_WEIGHT = 256
