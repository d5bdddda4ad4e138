import { isIP, SocketAddress } from 'node:net'

/**
 * An IP address as the system writes it, so that two spellings of one are the same text: `2001:DB8::0:1` is
 * `2001:db8::1`, and an IPv4 address that a dual-stack listener wraps (`::ffff:10.0.0.1`) is that IPv4 address. Undefined:
 * it is none. A zone (`fe80::1%eth0`) stays as it is written.
 */
export function canonicalIp(text: string): string | undefined {
  const family = isIP(text)
  if (family !== 6) return family === 4 ? text : undefined
  const [address = '', zone] = text.split('%', 2)
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address
  if (zone !== undefined) return `${canonical}%${zone}`
  return canonical.startsWith(MAPPED_IPV4) ? canonical.slice(MAPPED_IPV4.length) : canonical
}

const MAPPED_IPV4 = '::ffff:'
