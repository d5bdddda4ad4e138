import { BlockList, isIP } from 'node:net'

/** Tells whether an address is one of ours, given addresses and networks (`10.0.0.0/8`). */
export function trustOf(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}
