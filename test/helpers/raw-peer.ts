import type { Address } from '../../src/core/address.ts'
import type { RawPeerProcess } from './raw-peer-process.ts'
import { startRawPeer } from './raw-peer-process.ts'

const DEFAULT_TIMEOUT_MS = 10_000

interface Timed {
  /** Default 10 s. */
  readonly timeoutMs?: number
}

interface Buffers {
  /** Kernel buffers (SO_RCVBUF, SO_SNDBUF), which Linux doubles; the receive window follows only if set here. */
  readonly receiveBufferBytes?: number
  readonly sendBufferBytes?: number
}

export interface RawConnectOptions extends Buffers, Timed {
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly port?: number
  /** Instead of host and port. */
  readonly path?: string
}

export interface RawListenOptions extends Buffers {
  readonly host?: string
  /** Default 0: a free one. */
  readonly port?: number
  readonly path?: string
  readonly backlog?: number
}

/** How the other side's way to us ended; `open`: not yet. */
export type RawEnd = 'fin' | 'rst' | 'open'

export interface RawRead {
  readonly bytes: number
  readonly sha256: string
  readonly end: RawEnd
}

export interface RawSent {
  /** Bytes that the kernel took. */
  readonly bytes: number
  readonly sha256: string
  /** `blocked`: the time was over, the other side does not read. The errors tell of an RST. */
  readonly outcome: 'done' | 'blocked' | 'ECONNRESET' | 'EPIPE'
}

/** A process that holds any number of raw sockets: for tests with many. */
export async function rawPeer(options: { prefix?: readonly string[] } = {}): Promise<RawPeer> {
  return new RawPeer(await startRawPeer(options))
}

/** One raw client in a process of its own, connected. Rejects with the system's `code` when it cannot connect. */
export async function rawClient(options: RawConnectOptions): Promise<RawConnection> {
  const process = await startRawPeer()
  try {
    return await connectRaw(process, options, process)
  } catch (error) {
    await process[Symbol.asyncDispose]()
    throw error
  }
}

/** One raw listener in a process of its own; what it accepted ends with it. */
export async function rawServer(options: RawListenOptions = {}): Promise<RawServer> {
  const process = await startRawPeer()
  try {
    return await listenRaw(process, options, process)
  } catch (error) {
    await process[Symbol.asyncDispose]()
    throw error
  }
}

export class RawPeer implements AsyncDisposable {
  readonly #process: RawPeerProcess

  constructor(process: RawPeerProcess) {
    this.#process = process
  }

  connect(options: RawConnectOptions): Promise<RawConnection> {
    return connectRaw(this.#process, options, undefined)
  }

  listen(options: RawListenOptions = {}): Promise<RawServer> {
    return listenRaw(this.#process, options, undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]()
  }
}

export class RawServer implements AsyncDisposable {
  readonly address: Address
  readonly port: number
  readonly #process: RawPeerProcess
  readonly #key: number
  readonly #owned: RawPeerProcess | undefined

  constructor(process: RawPeerProcess, key: number, address: Address, owned: RawPeerProcess | undefined) {
    this.#process = process
    this.#key = key
    this.address = address
    this.port = address.kind === 'tcp' ? address.port : 0
    this.#owned = owned
  }

  /** The next connection; nothing is accepted but by this. */
  async accept(options: Timed = {}): Promise<RawConnection> {
    const answer = await this.#process.request('accept', { conn: this.#key }, timeoutOf(options))
    return new RawConnection(this.#process, answer, undefined)
  }

  /** Stops listening; what waits unaccepted is reset by the kernel. */
  async close(): Promise<void> {
    await this.#process.request('close', { conn: this.#key, reset: false }, DEFAULT_TIMEOUT_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#owned === undefined) await this.close()
    else await this.#owned[Symbol.asyncDispose]()
  }
}

/**
 * A raw connection. It reads only when it is told to. Reading and sending may go on at the same time; end what is
 * under way, or await it, before closing: else it rejects.
 */
export class RawConnection implements AsyncDisposable {
  /** 0 on unix sockets. */
  readonly localPort: number
  /** 0 on unix sockets, and where the other side has reset the connection at once. */
  readonly remotePort: number
  readonly #process: RawPeerProcess
  readonly #key: number
  readonly #owned: RawPeerProcess | undefined

  constructor(
    process: RawPeerProcess,
    answer: Readonly<Record<string, unknown>>,
    owned: RawPeerProcess | undefined,
  ) {
    this.#process = process
    this.#key = answer['conn'] as number
    this.localPort = answer['localPort'] as number
    this.remotePort = answer['remotePort'] as number
    this.#owned = owned
  }

  /** Sends the first `bytes` of the stream that `deterministicBytes(seed, bytes)` gives. */
  async send(options: { bytes: number; seed: number } & Timed): Promise<RawSent> {
    const { bytes, seed } = options
    return (await this.#request('send', { bytes, seed }, timeoutOf(options))) as unknown as RawSent
  }

  async sendText(text: string | Uint8Array, options: Timed = {}): Promise<RawSent> {
    const data = Buffer.from(text as string).toString('base64')
    return (await this.#request('send', { data }, timeoutOf(options))) as unknown as RawSent
  }

  /** Reads exactly `bytes`, fewer only before a `fin` or `rst`. Rejects when the time is over before. */
  async read(bytes: number, options: Timed = {}): Promise<RawRead> {
    const timeoutMs = timeoutOf(options)
    const answer = (await this.#request('read', { bytes }, timeoutMs)) as unknown as RawRead
    refuseShort(answer, bytes, timeoutMs)
    return answer
  }

  /** Like `read`, and gives the bytes as latin1 text. */
  async readText(bytes: number, options: Timed = {}): Promise<string> {
    const timeoutMs = timeoutOf(options)
    const answer = await this.#request('read', { bytes, keep: true }, timeoutMs)
    refuseShort(answer as unknown as RawRead, bytes, timeoutMs)
    return Buffer.from(answer['data'] as string, 'base64').toString('latin1')
  }

  /** Reads until `fin` or `rst`; when the time is over, `open` and what came so far. */
  async readToEnd(options: Timed = {}): Promise<RawRead> {
    return (await this.#request('read', {}, timeoutOf(options))) as unknown as RawRead
  }

  /** Like `readToEnd`, with the bytes as latin1 `text`. */
  async readTextToEnd(options: Timed = {}): Promise<RawRead & { readonly text: string }> {
    const { data, ...answer } = await this.#request('read', { keep: true }, timeoutOf(options))
    const text = Buffer.from(data as string, 'base64').toString('latin1')
    return { ...(answer as unknown as RawRead), text }
  }

  /** Waits, without reading, until the other side has ended its way; `open` when the time is over. */
  async hangup(options: Timed = {}): Promise<RawEnd> {
    const answer = await this.#request('hangup', {}, timeoutOf(options))
    return answer['end'] as RawEnd
  }

  /** Sends FIN; reading goes on. */
  async shutdown(): Promise<void> {
    await this.#request('shutdown', {}, DEFAULT_TIMEOUT_MS)
  }

  /** Sends RST (SO_LINGER 0 and close). */
  async reset(): Promise<void> {
    await this.#request('close', { reset: true }, DEFAULT_TIMEOUT_MS)
  }

  /** Closes both ways: FIN, or RST where received bytes lie unread. */
  async close(): Promise<void> {
    await this.#request('close', { reset: false }, DEFAULT_TIMEOUT_MS)
  }

  async setBuffers(buffers: Buffers): Promise<void> {
    await this.#request('buffers', bufferFields(buffers), DEFAULT_TIMEOUT_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#owned === undefined) await this.close()
    else await this.#owned[Symbol.asyncDispose]()
  }

  #request(
    op: string,
    fields: Record<string, unknown>,
    timeoutMs: number,
  ): Promise<Readonly<Record<string, unknown>>> {
    return this.#process.request(op, { conn: this.#key, ...fields }, timeoutMs)
  }
}

async function connectRaw(
  process: RawPeerProcess,
  options: RawConnectOptions,
  owned: RawPeerProcess | undefined,
): Promise<RawConnection> {
  const fields = { ...placeFields(options), ...bufferFields(options) }
  const answer = await process.request('connect', fields, timeoutOf(options))
  return new RawConnection(process, answer, owned)
}

async function listenRaw(
  process: RawPeerProcess,
  options: RawListenOptions,
  owned: RawPeerProcess | undefined,
): Promise<RawServer> {
  const fields = { ...placeFields(options), ...bufferFields(options), backlog: options.backlog ?? 511 }
  const answer = await process.request('listen', fields, DEFAULT_TIMEOUT_MS)
  const address: Address =
    options.path === undefined
      ? { kind: 'tcp', host: options.host ?? '127.0.0.1', port: answer['port'] as number }
      : { kind: 'unix', path: options.path }
  return new RawServer(process, answer['conn'] as number, address, owned)
}

function placeFields(options: { host?: string; port?: number; path?: string }): Record<string, unknown> {
  if (options.path !== undefined) return { path: options.path }
  return { host: options.host ?? '127.0.0.1', port: options.port ?? 0 }
}

function bufferFields(buffers: Buffers): Record<string, unknown> {
  return { rcvbuf: buffers.receiveBufferBytes, sndbuf: buffers.sendBufferBytes }
}

function timeoutOf(options: Timed): number {
  return options.timeoutMs ?? DEFAULT_TIMEOUT_MS
}

function refuseShort(answer: RawRead, wanted: number, timeoutMs: number): void {
  if (answer.end === 'open' && answer.bytes < wanted)
    throw new Error(`a raw peer read ${answer.bytes} of ${wanted} bytes within ${timeoutMs} ms`)
}
