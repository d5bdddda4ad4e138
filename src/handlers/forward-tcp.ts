import type { Backend } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Events } from '../core/events.ts'
import type { Dialer } from '../net/dial.ts'
import type { RelayOptions } from '../net/relay.ts'
import type { Session } from '../net/session.ts'
import type { Pool } from '../pool/pool.ts'
import type { Handler } from './handler.ts'
import { TcpForwarding } from './tcp-forwarding.ts'

/** What all sessions of one listener share. */
export interface ForwardTcpOptions {
  readonly pool: Pool
  readonly dialer: Dialer
  readonly clock: Clock
  readonly random: () => number
  readonly events: Events
  readonly relay: RelayOptions
  /** For one attempt; 0 = never. */
  readonly connectTimeoutMs: number
  /** Attempts after the first. */
  readonly retries: number
  /** A connect failed, by the backend's fault. Called before the next attempt. */
  readonly onConnectFailed: (backend: Backend) => void
  /** A connect failed, by this machine's fault. */
  readonly onLocalFault: (code: string) => void
}

/** Forwards a session, byte for byte, to one backend of a pool. */
export class ForwardTcp implements Handler {
  readonly #options: ForwardTcpOptions

  constructor(options: ForwardTcpOptions) {
    this.#options = options
  }

  handle(session: Session): void {
    new TcpForwarding(session, this.#options).begin()
  }
}
