import { EventEmitter } from 'node:events'
import type { Server, Socket } from 'node:net'
import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'
import { ListenError } from '../core/errors.ts'
import { FixtureSession } from './fixture-session.ts'

/** Where a fixture listens. */
export interface FixtureListenOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined
  /** Default 0: a free port, kept over `stop` and `start`. */
  readonly port?: number | undefined
  /** A unix socket's path instead of host and port. */
  readonly path?: string | undefined
  /** What a balancer calls it that is given the fixture itself as a backend; default its address. */
  readonly id?: string | undefined
}

export interface FixtureEvents {
  'session:open': [FixtureSession]
  'session:close': [FixtureSession]
}

/**
 * What `stop` does to open connections. `close`: as when the process is killed, so the kernel sends FIN, or RST
 * where received bytes were not read. `reset`: RST (unix sockets have none: closed). `keep`: they live on.
 */
export type StopConnections = 'close' | 'reset' | 'keep'

/** Older ones are forgotten, so that a fixture may run for days. */
const SESSIONS_KEPT = 1_000
/** `sun_path` of Linux: 108 bytes with the NUL. */
const MAX_UNIX_PATH_BYTES = 107

/**
 * A backend for tests and demos: a listener whose connections are counted and recorded. Every accepted socket has
 * its `error` listener before anything else sees it.
 */
export class FixtureServer extends EventEmitter<FixtureEvents> implements AsyncDisposable {
  /** Connections accepted so far. */
  connections = 0
  /** The latest 1,000 connections, in the order of their acceptance. */
  readonly sessions: FixtureSession[] = []
  /** How many stand in `sessions` no more. */
  forgottenSessions = 0
  readonly id: string | undefined
  readonly #server: Server
  readonly #open = new Set<FixtureSession>()
  #address: Address
  #closedBytesRead = 0
  #closedBytesWritten = 0

  /** Takes a server that does not listen yet, and owns it. */
  constructor(server: Server, options: FixtureListenOptions = {}) {
    super()
    this.#server = server
    this.id = options.id
    this.#address =
      options.path === undefined
        ? { kind: 'tcp', host: options.host ?? '127.0.0.1', port: options.port ?? 0 }
        : { kind: 'unix', path: options.path }
    server.prependListener('connection', (socket: Socket) => this.#record(socket))
  }

  /** Where it listens, or listened before `stop`. */
  get address(): Address {
    return this.#address
  }

  /** 0 on a unix socket. */
  get port(): number {
    return this.#address.kind === 'tcp' ? this.#address.port : 0
  }

  /** As a backend is written: `tcp://127.0.0.1:3001`; `unix:/path` on a unix socket. */
  get url(): string {
    const address = formatAddress(this.#address)
    return this.#address.kind === 'unix' ? address : `${this.scheme}://${address}`
  }

  protected get scheme(): string {
    return 'tcp'
  }

  get listening(): boolean {
    return this.#server.listening
  }

  /** Connections open now. */
  get active(): number {
    return this.#open.size
  }

  /** Those that are open now, oldest first: `for (const session of backend.openSessions) session.reset()`. */
  get openSessions(): readonly FixtureSession[] {
    return [...this.#open]
  }

  /** Bytes received over all connections. */
  get bytesRead(): number {
    return sum(this.#open, 'bytesRead', this.#closedBytesRead)
  }

  /** Bytes given to all sockets; the last of them may not have left yet. */
  get bytesWritten(): number {
    return sum(this.#open, 'bytesWritten', this.#closedBytesWritten)
  }

  /**
   * Listens, on the same port as before. Does nothing while it listens.
   * @throws {ListenError} when the address is taken or not ours.
   */
  async start(): Promise<void> {
    if (this.#server.listening) return
    refuseLongPath(this.#address)
    await new Promise<void>((resolve, reject) => {
      const server = this.#server
      const failed = (cause: NodeJS.ErrnoException): void => {
        server.off('listening', listening)
        reject(new ListenError(this.#address, cause))
      }
      const listening = (): void => {
        server.off('error', failed)
        const bound = server.address()
        if (this.#address.kind === 'tcp' && bound !== null && typeof bound === 'object')
          this.#address = { ...this.#address, port: bound.port }
        resolve()
      }
      server.once('error', failed).once('listening', listening)
      server.listen(this.#address)
    })
  }

  /** Closes the listener and, unless they are to be kept, every connection; resolves when all that is done. */
  async stop(options: { connections?: StopConnections } = {}): Promise<void> {
    const how = options.connections ?? 'close'
    const listenerClosed = new Promise<void>((resolve) => {
      if (!this.#server.listening) return resolve()
      // The callback waits for the connections too, and these may be kept: the handle is closed by then.
      this.#server.close()
      setImmediate(resolve)
    })
    if (how !== 'keep') await Promise.all([...this.#open].map((session) => closeSession(session, how)))
    await listenerClosed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #record(socket: Socket): void {
    const session = new FixtureSession(++this.connections, socket)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      session.error ??= error.code ?? error.message
    })
    socket.on('end', () => {
      session.fin = true
    })
    socket.on('close', () => {
      session.closed = true
      this.#open.delete(session)
      this.#closedBytesRead += session.bytesRead
      this.#closedBytesWritten += session.bytesWritten
      this.emit('session:close', session)
    })
    this.#open.add(session)
    this.sessions.push(session)
    if (this.sessions.length > SESSIONS_KEPT) {
      this.sessions.shift()
      this.forgottenSessions++
    }
    this.emit('session:open', session)
  }
}

/** Node 20 cuts a longer path off without a word, and then finds neither the socket nor the file to remove. */
function refuseLongPath(address: Address): void {
  if (address.kind === 'unix' && Buffer.byteLength(address.path) > MAX_UNIX_PATH_BYTES)
    throw new RangeError(
      `a unix socket's path holds at most ${MAX_UNIX_PATH_BYTES} bytes, unlike ${address.path}`,
    )
}

function closeSession(session: FixtureSession, how: 'close' | 'reset'): Promise<void> {
  return new Promise((resolve) => {
    const { socket } = session
    if (socket.closed) return resolve()
    socket.once('close', () => resolve())
    if (how === 'reset') session.reset()
    else socket.destroy()
  })
}

function sum(
  sessions: Iterable<FixtureSession>,
  counter: 'bytesRead' | 'bytesWritten',
  closed: number,
): number {
  let total = closed
  for (const session of sessions) total += session[counter]
  return total
}
