import { connect as connectSocket, isIP } from 'node:net'
import type { Server, Socket } from 'node:net'
import { connect as connectTlsSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'
import type { Conn } from './conn.ts'
import type { ConnectSink, Endpoint, Io, IpEndpoint } from './io.ts'
import { SocketConn } from './socket-conn.ts'

/** {@link Io} over `net.Socket`: public API alone. */
export const socketIo: Io = { name: 'sockets', accept, connect }

function accept(server: Server, onConn: (conn: Conn) => void): void {
  const address = server.address()
  // null: a unix socket that came as a descriptor, whose path Node does not know.
  const isTcp = address !== null && typeof address !== 'string'
  server.on('connection', (socket: Socket) => {
    const conn = new SocketConn(socket, { isTcp })
    socket.setNoDelay(true)
    onConn(conn)
  })
}

function connect(endpoint: Endpoint, sink: ConnectSink): Conn {
  const isUnix = endpoint.kind === 'unix'
  const where = isUnix ? { path: endpoint.path } : { host: endpoint.ip, port: endpoint.port, noDelay: true }
  const socket = connectSocket({ ...where, allowHalfOpen: true })
  return awaitConnect(socket, sink, { event: 'connect', isTcp: !isUnix })
}

/** How a TLS backend is verified. Made once a pool: reading certificates takes time. */
export interface TlsVerification {
  /** Whether it must prove that it is who it is called. */
  readonly verify: boolean
  /** With the authorities to trust; undefined = the system's. */
  readonly secureContext: SecureContext | undefined
}

/** Connects with TLS. Unless told otherwise, it is verified by the system's certificate authorities and `serverName`. */
export function connectTls(
  endpoint: IpEndpoint,
  serverName: string,
  sink: ConnectSink,
  tls?: TlsVerification,
): Conn {
  const { ip: host, port } = endpoint
  // An IP address may be no SNI (RFC 6066, section 3); the certificate is then held against `host`.
  const servername = isIP(serverName) === 0 ? serverName : ''
  // The declared types lack `allowHalfOpen`, which tls.connect hands on to its socket.
  const options = {
    host,
    port,
    servername,
    allowHalfOpen: true,
    rejectUnauthorized: tls?.verify !== false,
    ...(tls?.secureContext === undefined ? {} : { secureContext: tls.secureContext }),
  }
  const socket = connectTlsSocket(options)
  socket.setNoDelay(true)
  return awaitConnect(socket, sink, { event: 'secureConnect', isTcp: false })
}

function awaitConnect(socket: Socket, sink: ConnectSink, how: { event: string; isTcp: boolean }): Conn {
  const conn = new SocketConn(socket, how)
  let settled = false
  const settle = (): void => {
    if (settled || conn.closed) return
    settled = true
    if (conn.failure !== undefined) conn.close()
    sink.onConnect(conn, conn.failure)
  }
  socket.once(how.event, settle)
  socket.once('error', settle)
  return conn
}
