import type { Address } from '../../core/address.ts'
import { exposureProblem } from '../../config/admin-config.ts'
import { ConfigError } from '../../core/errors.ts'

/**
 * Refuses to open an admin listener to the network without a token. Loopback and unix sockets are this machine's own.
 *
 * @throws {ConfigError} that says what to do
 */
export function assertGuarded(address: Address, token: string | undefined): void {
  if (token === '') throw problem('the token is empty: whoever sends none would be let in')
  const exposure = exposureProblem({ address, token, hosts: [] })
  if (exposure !== undefined) throw problem(exposure)
}

function problem(message: string): ConfigError {
  return new ConfigError([{ path: 'admin', message }])
}
