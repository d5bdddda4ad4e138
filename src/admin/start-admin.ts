import type { ControlPort } from '../control/port.ts'
import type { Address } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import type * as AdminServerModule from './admin-server.ts'
import type { AdminLimits } from './limits.ts'
import type { ReadinessCheck } from './readiness.ts'

export interface AdminOptions {
  /** Port 0 lets the system choose. A unix socket is made with mode 0600. */
  readonly address: Address
  /** What callers must show. May be left out on loopback and on a unix socket only. */
  readonly token?: string | undefined
  /** Names by which it may be called (`Host`), beside IP literals and `localhost`. */
  readonly hosts?: readonly string[] | undefined
  /** Reads the configuration again and makes it the one in force. Without it a reload is answered 409. */
  readonly reload?: (() => Promise<ReloadReport>) | undefined
  /** More that `/readyz` depends on. */
  readonly checks?: readonly ReadinessCheck[] | undefined
  /** Folder with the dashboard's files. Default: the one that comes along. */
  readonly dashboard?: URL | undefined
  readonly limits?: Partial<AdminLimits> | undefined
  readonly clock?: Clock | undefined
}

/** A running admin listener. It goes on while the balancer drains, and does not end with it: close it. */
export interface Admin extends AsyncDisposable {
  /** Port 0 has become a real one. */
  readonly address: Address
  /** Accepts no more, ends event streams, lets what is being answered finish for a second, and ends the rest. */
  close(): Promise<void>
}

/**
 * Opens the admin API, the dashboard, `/metrics`, `/livez` and `/readyz` for a balancer.
 *
 * @throws {ConfigError} where options are wrong, or it would be open to the network without a token
 * @throws {ListenError} when the address cannot be had
 */
export async function startAdmin(control: ControlPort, options: AdminOptions): Promise<Admin> {
  const AdminServer = await loadAdmin()
  return await AdminServer.start(control, options)
}

/** Loaded only when asked for: whoever imports the library and opens no admin listener pays nothing for it. */
export async function loadAdmin(): Promise<typeof AdminServerModule.AdminServer> {
  const { AdminServer } = await import('./admin-server.ts')
  return AdminServer
}
