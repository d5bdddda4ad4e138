import { isIP } from 'node:net'
import type { Address } from '../core/address.ts'

/**
 * Whether listening on one of the two may keep the other from it: the same port, on the same or on all interfaces.
 * A name may lead anywhere.
 */
export function overlaps(a: Address, b: Address): boolean {
  if (a.kind === 'unix' || b.kind === 'unix')
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path
  if (a.port !== b.port || a.port === 0) return false
  return a.host === b.host || isWide(a.host) || isWide(b.host)
}

function isWide(host: string): boolean {
  return host === '::' || host === '0.0.0.0' || isIP(host) === 0
}
