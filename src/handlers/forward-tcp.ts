import type { RelayOptions } from '../net/relay.ts'
import type { Session } from '../net/session.ts'
import type { ConnectOptions } from './connector.ts'
import type { Handler } from './handler.ts'
import { TcpForwarding } from './tcp-forwarding.ts'

/** What all sessions of one listener share. */
export interface ForwardTcpOptions extends ConnectOptions {
  readonly relay: RelayOptions
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
