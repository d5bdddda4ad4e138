import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'
import { isLoopback } from '../core/loopback.ts'
import type { AdminConfig } from './schema.ts'

/** What flags and the environment say of the admin listener. */
export interface AdminSettings {
  readonly admin?: Address | 'off' | undefined
  /** The token itself, read. */
  readonly adminTokenFile?: string | undefined
  readonly adminHosts?: readonly string[] | undefined
}

/** The admin listener that is asked for; what flags and the environment say wins over the file. */
export function adminConfig(given: AdminSettings, file?: AdminConfig): AdminConfig | undefined {
  const { admin = file?.address } = given
  if (admin === undefined || admin === 'off') return undefined
  return {
    address: admin,
    token: given.adminTokenFile ?? file?.token,
    hosts: given.adminHosts ?? file?.hosts ?? [],
  }
}

/** Why it must not be opened like that; undefined = it may. */
export function exposureProblem({ address, token }: AdminConfig): string | undefined {
  if (token !== undefined || address.kind === 'unix' || isLoopback(address.host)) return undefined
  return (
    `${formatAddress(address)} is open to others than this machine, and whoever reaches it could change everything: ` +
    `give it a token (admin.tokenFile, --admin-token-file or FAIRLEAD_ADMIN_TOKEN), or listen on 127.0.0.1`
  )
}
