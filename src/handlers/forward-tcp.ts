import type { RelayOptions } from '../net/relay.ts'
import type { Session } from '../net/session.ts'
import type { ConnectOptions } from './connector.ts'
import type { Handler } from './handler.ts'
import { TcpForwarding } from './tcp-forwarding.ts'

/** Forwards a session, byte for byte, to one backend of a pool. */
export class ForwardTcp implements Handler {
  readonly #connect: ConnectOptions
  readonly #relay: RelayOptions

  constructor(connect: ConnectOptions, relay: RelayOptions) {
    this.#connect = connect
    this.#relay = relay
  }

  handle(session: Session): void {
    new TcpForwarding(session, this.#connect, this.#relay).begin()
  }
}
