import type { Server } from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { Conn } from './conn.ts'
import { HandleConn } from './handle-conn.ts'
import { requireBindings, takeOverAccept } from './handle-bindings.ts'
import type { ConnectRequest, Handle } from './handle-bindings.ts'
import type { ConnectSink, Endpoint, Io } from './io.ts'
import { socketIo } from './socket-io.ts'

const { TCP, Pipe, TCPConnectWrap, PipeConnectWrap, tcpSocketType, pipeSocketType } = requireBindings()

interface Connecting extends ConnectRequest {
  conn: HandleConn
  sink: ConnectSink
}

/** {@link Io} over Node's stream handles; see `handle-conn.ts` for why. */
export const handleIo: Io = { name: 'handles', accept, connect }

function accept(server: Server, onConn: (conn: Conn) => void): void {
  const taken = takeOverAccept(server, (handle) => {
    onConn(new HandleConn(handle))
  })
  if (taken === undefined) socketIo.accept(server, onConn)
}

function connect(endpoint: Endpoint, sink: ConnectSink): Conn {
  const isUnix = endpoint.kind === 'unix'
  const handle = isUnix ? new Pipe(pipeSocketType) : new TCP(tcpSocketType)
  const conn = new HandleConn(handle)
  const request = (isUnix ? new PipeConnectWrap() : new TCPConnectWrap()) as Connecting
  request.conn = conn
  request.sink = sink
  request.oncomplete = onConnected
  const status = begin(handle, request, endpoint)
  // Nothing comes before the connect is through, and waiting for both with one system call spares two.
  if (status === 0) conn.start()
  else process.nextTick(fail, request, status)
  return conn
}

function begin(handle: Handle, request: ConnectRequest, endpoint: Endpoint): number {
  // A pipe's connect gives no status: its failure always comes by the request.
  if (endpoint.kind === 'unix') return handle.connect(request, endpoint.path) ?? 0
  handle.setNoDelay?.(true)
  if (endpoint.ip.includes(':')) return handle.connect6?.(request, endpoint.ip, endpoint.port) ?? 0
  return handle.connect(request, endpoint.ip, endpoint.port)
}

function onConnected(this: ConnectRequest, status: number): void {
  const { conn, sink } = this as Connecting
  if (conn.closed) return
  if (status !== 0) return fail(this as Connecting, status)
  sink.onConnect(conn, undefined)
}

function fail({ conn, sink }: Connecting, status: number): void {
  if (conn.closed) return
  conn.close()
  sink.onConnect(conn, getSystemErrorName(status))
}
