import { isIPv4, isIPv6 } from 'node:net'

/** One element of a `Forwarded` field (RFC 7239, section 4). */
export function forwardedElement({
  client,
  host,
  proto,
}: {
  /** An address without port; anything else is said to be unknown. */
  client: string
  /** The Host field's value; `''` leaves it out. */
  host: string
  proto: 'http' | 'https'
}): string {
  const hostPair = host === '' ? '' : `;host=${NEEDS_QUOTES.test(host) ? `"${host}"` : host}`
  return `for=${nodeOf(client)}${hostPair};proto=${proto}`
}

function nodeOf(address: string): string {
  if (isIPv4(address)) return address
  // The zone (`%eth0`) has a meaning on this machine alone.
  const [plain = ''] = address.split('%')
  return isIPv6(plain) ? `"[${plain}]"` : 'unknown'
}

/** A port's colon or an IPv6 address's brackets, which no token holds; of quotes and backslashes a Host has none. */
const NEEDS_QUOTES = /[:[\]]/
