import { BlockList, isIPv6 } from 'node:net'
import type { Address } from '../../core/address.ts'
import { formatAddress } from '../../core/address.ts'
import { ConfigError } from '../../core/errors.ts'

/**
 * Refuses to open an admin listener to the network without a token. Loopback and unix sockets are this machine's own.
 *
 * @throws {ConfigError} that says what to do
 */
export function assertGuarded(address: Address, token: string | undefined): void {
  if (token !== undefined && token !== '') return
  if (token === '') throw problem('the token is empty: whoever sends none would be let in')
  if (address.kind === 'unix' || address.host === 'localhost' || isLoopback(address.host)) return
  throw problem(
    `${formatAddress(address)} is open to the network, and whoever reaches it could change everything: set a token ` +
      `(admin.tokenFile, or FAIRLEAD_ADMIN_TOKEN), or listen on 127.0.0.1:${address.port}`,
  )
}

function isLoopback(host: string): boolean {
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

function problem(message: string): ConfigError {
  return new ConfigError([{ path: 'admin', message }])
}
