import { isIP } from 'node:net'
import type { Address } from '../core/address.ts'
import { isHost } from '../wire/host.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { parseListen } from './parse-listen.ts'
import { readSecret } from './read-files.ts'

export const DEFAULT_ADMIN_PORT = 8090
/** Shorter ones are guessed. */
const SHORTEST_TOKEN = 8

/** A secret itself, where otherwise the name of the file that holds it stands. */
export interface Secret {
  readonly secret: string
}

/**
 * Where the admin listener listens: a port is one of 127.0.0.1, since what is inside is for this machine unless somebody
 * says otherwise.
 *
 * @throws {InvalidValueError}
 */
export function readAdminListen(value: unknown): Address {
  if (typeof value !== 'number' && typeof value !== 'string') {
    throw new InvalidValueError(`must be a port or an address, not ${quote(value)}`)
  }
  return parseListen(/^\d+$/.test(String(value).trim()) ? `127.0.0.1:${String(value).trim()}` : value)
}

/** The same from a flag, which can say that there shall be none. @throws {InvalidValueError} */
export function readAdminFlag(value: unknown): Address | 'off' {
  return value === 'off' ? 'off' : readAdminListen(value)
}

/** @throws {InvalidValueError} that never quotes it: it is a secret */
export function readToken(value: unknown): string {
  if (typeof value !== 'string') throw new InvalidValueError('must be a text')
  if (value.length < SHORTEST_TOKEN) {
    throw new InvalidValueError(`is too short to be a secret: at least ${SHORTEST_TOKEN} characters`)
  }
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new InvalidValueError('holds a space or a character that cannot stand in a header')
  }
  return value
}

/** The token that a file holds. @throws {InvalidValueError} */
export function readTokenFile(value: unknown): string {
  if (isSecret(value)) return readToken(value.secret)
  if (typeof value !== 'string')
    throw new InvalidValueError(`must be the path of a file, not ${quote(value)}`)
  return readToken(readSecret(value))
}

/** Names by which it may be called. @throws {InvalidValueError} */
export function readHosts(value: unknown): readonly string[] {
  const given: unknown[] = Array.isArray(value) ? value : [value]
  return given
    .flatMap((entry) => (typeof entry === 'string' ? entry.split(',') : [entry]))
    .map((entry) => {
      const name = typeof entry === 'string' ? entry.trim().toLowerCase() : ''
      if (isHost(name) && !/[:[\]*]/.test(name) && isIP(name) === 0) return name
      throw new InvalidValueError(`must be names such as lb.example.org, without a port, not ${quote(entry)}`)
    })
}

function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && 'secret' in value
}
