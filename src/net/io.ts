import type { Server } from 'node:net'
import type { UnixAddress } from '../core/address.ts'
import type { Conn } from './conn.ts'
import { hasBindings } from './handle-bindings.ts'

/** An address that needs no resolving: an IP literal with a port, or a unix socket. */
export type Endpoint = IpEndpoint | UnixAddress

export interface IpEndpoint {
  readonly kind: 'ip'
  readonly ip: string
  readonly port: number
}

/** Who waits for a connect. Called once, never synchronously, and not at all after `conn.close()`. */
export interface ConnectSink {
  /** `failure` is the error's code where there is no connection; the conn is closed then. */
  onConnect(conn: Conn, failure: string | undefined): void
}

/** A way to accept and to connect: over Node's handles or over `net.Socket`. */
export interface Io {
  readonly name: 'handles' | 'sockets'
  /** Hands over each connection that `server`, which listens already, accepts. */
  accept(server: Server, onConn: (conn: Conn) => void): void
  /** Begins to connect. `conn.close()` calls it off. */
  connect(endpoint: Endpoint, sink: ConnectSink): Conn
}

/** `auto` takes the handles where this Node has them. */
export type IoChoice = 'auto' | 'handles' | 'sockets'

/**
 * Loads the way to do I/O.
 * @throws {Error} for `handles` where this Node lacks them.
 */
export async function loadIo(choice: IoChoice = 'auto'): Promise<Io> {
  if (choice === 'handles' || (choice === 'auto' && hasBindings)) {
    const { handleIo } = await import('./handle-io.ts')
    return handleIo
  }
  const { socketIo } = await import('./socket-io.ts')
  return socketIo
}
