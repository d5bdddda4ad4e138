import type { Session } from '../net/session.ts'

/**
 * One small policy that a session passes before it is handled: a limit, an access list, a PROXY header, TLS.
 */
export interface Stage {
  readonly name: string
  /**
   * Lets the session pass, or throws a `RejectedError` to have it reset. Synchronous where nothing is waited for.
   */
  admit(session: Session): void | Promise<void>
}
