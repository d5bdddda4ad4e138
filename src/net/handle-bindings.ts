import type { Server } from 'node:net'

/** What we use of Node's stream handles (`TCP` and `Pipe` in `lib/net.js`). Numbers are libuv status codes. */
export interface Handle {
  /** May return the buffer to read into from now on. `read`: where the bytes lie, unless it reads into a buffer of ours. */
  onread: ((this: Handle, read?: ArrayBuffer) => Buffer | undefined) | undefined
  useUserBuffer(buffer: Buffer): void
  readStart(): number
  readStop(): number
  writeBuffer(request: Request, chunk: Buffer): number
  writev(request: Request, chunks: readonly Buffer[], areAllBuffers: true): number
  writeLatin1String(request: Request, text: string): number
  shutdown(request: Request): number
  close(): void
  /** TCP only: closes with a reset. */
  reset?(): number
  getpeername?(out: PeerName): number
  setNoDelay?(on: boolean): number
  setKeepAlive?(on: boolean, delaySeconds: number): number
  connect(request: ConnectRequest, address: string, port?: number): number
  connect6?(request: ConnectRequest, address: string, port: number): number
}

export interface PeerName {
  address?: string
  port?: number
}

export interface Request {
  oncomplete: ((this: Request, status: number) => void) | undefined
}

export type ConnectRequest = Request

interface Bindings {
  readonly streamState: Int32Array
  readonly kReadBytesOrError: number
  readonly kArrayBufferOffset: number
  readonly kLastWriteWasAsync: number
  readonly WriteWrap: new () => Request
  readonly ShutdownWrap: new () => Request
  readonly TCPConnectWrap: new () => ConnectRequest
  readonly PipeConnectWrap: new () => ConnectRequest
  readonly TCP: new (type: number) => Handle
  readonly Pipe: new (type: number) => Handle
  readonly tcpSocketType: number
  readonly pipeSocketType: number
}

/**
 * libuv up to 1.51 (Node 20, 22 and the first of 24) reports an end where a reset lies behind unread data; 1.52 and
 * later report the reset. https://github.com/libuv/libuv/blob/v1.51.0/src/unix/stream.c, `uv__stream_io`, the POLLHUP
 * branch; https://github.com/libuv/libuv/pull/4997 took its guess out.
 */
export const hidesResets = libuvBefore(1, 52)

const bindings = findBindings()

/** Whether this Node has the handles as we know them. */
export const hasBindings = bindings !== undefined

export function requireBindings(): Bindings {
  if (bindings === undefined) throw new Error('this Node has no stream handles that we know')
  return bindings
}

/** Lets a server have a connection after all. */
export type GiveBack = (accepted: Handle) => void

/**
 * Takes over the handles of the connections that `server` accepts, before a `net.Socket` is made of them. Returns
 * undefined, and changes nothing, where the server has no handle of its own (a cluster worker's round robin).
 *
 * Options set on the listening socket are inherited by all that it accepts, on Linux and the BSDs, which spares
 * five system calls a connection.
 */
export function takeOverAccept(server: Server, onAccept: (handle: Handle) => void): GiveBack | undefined {
  const { TCP, Pipe } = requireBindings()
  const listening: unknown = (server as unknown as Record<string, unknown>)['_handle']
  if (!(listening instanceof TCP || listening instanceof Pipe)) return undefined
  const handle = listening as Handle & {
    onconnection: (status: number, accepted: Handle | undefined) => void
  }
  const { onconnection } = handle
  handle.setNoDelay?.(true)
  handle.onconnection = (status, accepted) => {
    // A status below 0 is libuv's answer to a lack of descriptors: that connection is closed already.
    if (status === 0 && accepted !== undefined) onAccept(accepted)
  }
  return (accepted) => onconnection.call(handle, 0, accepted)
}

function findBindings(): Bindings | undefined {
  try {
    const { binding } = process as unknown as { binding: (name: string) => Record<string, never> }
    const stream = binding('stream_wrap')
    const tcp = binding('tcp_wrap')
    const pipe = binding('pipe_wrap')
    const found = {
      streamState: stream['streamBaseState'],
      kReadBytesOrError: stream['kReadBytesOrError'],
      kArrayBufferOffset: stream['kArrayBufferOffset'],
      kLastWriteWasAsync: stream['kLastWriteWasAsync'],
      WriteWrap: stream['WriteWrap'],
      ShutdownWrap: stream['ShutdownWrap'],
      TCPConnectWrap: tcp['TCPConnectWrap'],
      PipeConnectWrap: pipe['PipeConnectWrap'],
      TCP: tcp['TCP'],
      Pipe: pipe['Pipe'],
      tcpSocketType: (tcp['constants'] as unknown as { SOCKET: number }).SOCKET,
      pipeSocketType: (pipe['constants'] as unknown as { SOCKET: number }).SOCKET,
    } as unknown as Bindings
    return isComplete(found) ? found : undefined
  } catch {
    // No such binding, or not allowed to have it (the permission model): the public API does it then.
    return undefined
  }
}

/** Everything has the shape that we rely on; a Node that changed any of it gets the public API. */
function isComplete(found: Bindings): boolean {
  const numbers = [
    found.kReadBytesOrError,
    found.kLastWriteWasAsync,
    found.tcpSocketType,
    found.pipeSocketType,
  ]
  const classes = [found.WriteWrap, found.ShutdownWrap, found.TCPConnectWrap, found.PipeConnectWrap]
  const methods = [
    'useUserBuffer',
    'readStart',
    'readStop',
    'writeBuffer',
    'writeLatin1String',
    'writev',
    'shutdown',
    'close',
    'connect',
  ]
  return (
    found.streamState instanceof Int32Array &&
    numbers.every((value) => typeof value === 'number') &&
    classes.every((value) => typeof value === 'function') &&
    [found.TCP, found.Pipe].every((Class) => methods.every((name) => hasMethod(Class, name))) &&
    hasMethod(found.TCP, 'reset')
  )
}

function hasMethod(Class: unknown, name: string): boolean {
  if (typeof Class !== 'function') return false
  const prototype = Class.prototype as Record<string, unknown>
  return typeof prototype[name] === 'function'
}

function libuvBefore(major: number, minor: number): boolean {
  const [actualMajor = 0, actualMinor = 0] = (process.versions['uv'] ?? '').split('.').map(Number)
  return actualMajor < major || (actualMajor === major && actualMinor < minor)
}
