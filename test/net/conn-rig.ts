import type { Server } from 'node:net'
import type { Address } from '../../src/core/address.ts'
import type { Conn, ConnSink } from '../../src/net/conn.ts'
import type { Endpoint, Io } from '../../src/net/io.ts'
import { boundAddress, listen } from '../../src/net/listen.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'

/** A sink that copies every chunk, as the contract asks, and writes down what it hears. */
export class RecordingSink implements ConnSink {
  /** `end`, `drain`, `broken`, and `data` once for all chunks in a row. */
  readonly log: string[] = []
  readonly #chunks: Buffer[] = []
  length = 0
  drains = 0
  #onChunk: ((conn: Conn, chunk: Buffer) => void) | undefined

  /** `then` sees each chunk after it was copied. */
  constructor(then?: (conn: Conn, chunk: Buffer) => void) {
    this.#onChunk = then
  }

  onData(conn: Conn, chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk))
    this.length += chunk.length
    if (this.log.at(-1) !== 'data') this.log.push('data')
    this.#onChunk?.(conn, chunk)
  }

  onEnd(conn: Conn): void {
    this.log.push(conn.ended ? 'end' : 'end of a conn that has not ended')
  }

  onDrain(): void {
    this.drains++
    this.log.push('drain')
  }

  onBroken(conn: Conn): void {
    this.log.push(`broken: ${conn.failure ?? 'without a failure'}`)
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  has(what: string): boolean {
    return this.log.includes(what)
  }

  get isBroken(): boolean {
    return this.log.some((entry) => entry.startsWith('broken'))
  }

  async received(length: number): Promise<Buffer> {
    await waitUntil(() => this.length >= length, { describe: () => `${length} bytes; ${this.length} came` })
    return this.bytes
  }

  async heard(what: string): Promise<void> {
    await waitUntil(() => this.has(what), { describe: () => `${what} after ${this.log.join(', ')}` })
  }
}

/** A listener whose connections are taken one by one. */
export class Accepting implements AsyncDisposable {
  address: Address
  readonly conns: Conn[] = []
  readonly #server: Server
  #taken = 0

  static async start(io: Io, address: Address = ANY): Promise<Accepting> {
    const conns: Conn[] = []
    const server = await listen(address, (listening) => io.accept(listening, (conn) => conns.push(conn)))
    return new Accepting(server, conns, boundAddress(server, address))
  }

  private constructor(server: Server, conns: Conn[], address: Address) {
    this.#server = server
    this.conns = conns
    this.address = address
  }

  get port(): number {
    return this.address.kind === 'tcp' ? this.address.port : 0
  }

  get endpoint(): Endpoint {
    const { address } = this
    return address.kind === 'unix' ? address : { kind: 'ip', ip: address.host, port: address.port }
  }

  async next(): Promise<Conn> {
    const index = this.#taken++
    return await waitUntil(() => this.conns[index], { describe: 'a connection' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const conn of this.conns) conn.reset()
    this.#server.close()
    await turns(2)
  }
}

const ANY: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }

/** Connects; a failure comes out as an error with that code as its message. */
export function connected(io: Io, endpoint: Endpoint): Promise<Conn> {
  return new Promise((resolve, reject) => {
    io.connect(endpoint, {
      onConnect: (conn, failure) => {
        if (failure === undefined) resolve(conn)
        else reject(new Error(failure))
      },
    })
  })
}

/** Two ends of one connection, each with a recording sink, both reading. */
export async function pair(io: Io, accepting: Accepting): Promise<ConnPair> {
  const client = await connected(io, accepting.endpoint)
  const server = await accepting.next()
  const sinks = { client: new RecordingSink(), server: new RecordingSink() }
  client.sink = sinks.client
  server.sink = sinks.server
  client.start()
  server.start()
  return { client, server, sinks }
}

export interface ConnPair {
  readonly client: Conn
  readonly server: Conn
  readonly sinks: { readonly client: RecordingSink; readonly server: RecordingSink }
}

/** Writes all of `bytes` in pieces, waiting for each drain. */
export async function writeAll(conn: Conn, bytes: Buffer, pieceBytes = 65_536): Promise<void> {
  const sink = conn.sink as RecordingSink
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const drains = sink.drains
    if (conn.write(bytes.subarray(at, at + pieceBytes))) continue
    if (conn.failure !== undefined) throw new Error(`writing failed: ${conn.failure}`)
    await waitUntil(() => sink.drains > drains, { describe: 'a drain', timeoutMs: 20_000 })
  }
}

/** Writes until the far side, which does not read, makes a write wait; gives all that was written. */
export function writeUntilFull(conn: Conn, piece: Buffer): number {
  let written = 0
  for (;;) {
    written += piece.length
    if (!conn.write(piece)) return written
  }
}

/** Lets the event loop turn, for what must not happen in the meantime. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
