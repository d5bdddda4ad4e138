import type { Session } from '../net/session.ts'

/** What happens to a session that passed the stages. */
export interface Handler {
  /**
   * Owns the session's conn from here on, sets `session.holder`, and calls `session.owner.onSessionEnd` once. Never
   * throws.
   */
  handle(session: Session): void
  /** The listener is open on this port (0: a unix socket). */
  listening?(port: number): void
  /** No new sessions will come; those that could go on for ever end soon. */
  drain?(): void
}
