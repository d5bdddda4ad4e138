import { isIPv4, isIPv6 } from 'node:net'

const GROUPS = 8
const GROUPS_OF_A_NETWORK = 4

/**
 * Who stands behind an address, as far as it tells: an IPv4 address stands for itself, an IPv6 address for its /64, of
 * which a single host has every address to choose from.
 *
 * @param address as sockets give it; empty for a unix socket
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = address.slice(address.lastIndexOf(':') + 1)
  if (isIPv4(mapped)) return mapped
  const [head = '', tail] = address.replace(/%.*/, '').split('::')
  const first = head.split(':').filter((group) => group !== '')
  const last = (tail ?? '').split(':').filter((group) => group !== '')
  const zeros = tail === undefined ? 0 : GROUPS - first.length - last.length
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return `${groups.slice(0, GROUPS_OF_A_NETWORK).join(':')}::/64`
}
