import { isIP } from 'node:net'
import { hostName, isHost } from '../../wire/host.ts'
import { ApiError } from '../api-error.ts'

/**
 * Refuses a `Host` that is not one of ours: a page whose own name was made to point at us (DNS rebinding) speaks to
 * us under that name. An IP literal cannot be rebound, and probes and scrapers use them.
 *
 * @throws {ApiError} 403
 */
export function assertOwnHost(host: string | undefined, names: ReadonlySet<string>): void {
  if (host !== undefined && isHost(host)) {
    const name = hostName(host).replace(/\.$/, '')
    if (isIP(name) !== 0 || name === 'localhost' || names.has(name)) return
  }
  throw new ApiError(403, {
    code: 'FOREIGN_HOST',
    message: 'the admin listener is not known by this Host; name it in the setting of its hosts',
  })
}
