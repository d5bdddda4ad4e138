import { createHash } from 'node:crypto'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { deterministicBytes } from '../../src/testing/deterministic-bytes.ts'
import { echo, open } from '../control/reload-rig.ts'

export const LONG_SESSIONS = 4
const CHUNK_BYTES = 32 * 1024

export interface Places {
  readonly tcp: number
  readonly web: number
  readonly more: number
}

/** Three backends of a kind. */
export class Backends implements AsyncDisposable {
  readonly ports: readonly number[]
  readonly #all: readonly (AsyncDisposable & { readonly port: number })[]

  static async start(make: () => Promise<AsyncDisposable & { readonly port: number }>): Promise<Backends> {
    return new Backends([await make(), await make(), await make()])
  }

  constructor(all: readonly (AsyncDisposable & { readonly port: number })[]) {
    this.#all = all
    this.ports = all.map(({ port }) => port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const backend of this.#all) await backend[Symbol.asyncDispose]()
  }
}

/** Clients of all kinds at once: requests on kept connections, short connections, and sessions that last. */
export class MixedLoad {
  requests = 0
  connections = 0
  readonly #failures: string[] = []
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })
  readonly #running: Promise<unknown>
  readonly #long: Promise<{ sent: string; received: string }>[]
  #stopping = false
  #waiting: (() => void)[] = []

  constructor(at: Places) {
    const loops = [
      ...Array.from({ length: 4 }, () => this.#repeat(() => this.#request(at.web))),
      ...Array.from({ length: 2 }, () => this.#repeat(() => this.#connection(at.tcp))),
    ]
    this.#long = Array.from({ length: LONG_SESSIONS }, (_, i) => this.#session(at.tcp, i))
    this.#running = Promise.all([...loops, ...this.#long])
  }

  /** Resolves after at least one more request and one more connection. */
  async moreOfEach(): Promise<void> {
    const { requests, connections } = this
    while (this.requests === requests || this.connections === connections) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  async stop() {
    this.#stopping = true
    await this.#running
    this.#agent.destroy()
    const { requests, connections } = this
    return { requests, connections, failures: this.#failures, long: await Promise.all(this.#long) }
  }

  async #repeat(once: () => Promise<void>): Promise<void> {
    while (!this.#stopping) {
      await once().catch((error: unknown) => this.#failures.push(String(error)))
      for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  async #request(port: number): Promise<void> {
    const body = await new Promise<string>((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, agent: this.#agent }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('error', reject)
        response.on('end', () => resolve(`${response.statusCode} ${text}`))
      })
      request.on('error', reject)
    })
    if (!body.startsWith('200 hello from')) throw new Error(body)
    this.requests++
  }

  async #connection(port: number): Promise<void> {
    const socket = await open(port)
    const text = `connection ${this.connections}`
    const answer = await echo(socket, text)
    socket.end()
    if (answer !== text) throw new Error(`${text} got ${answer}`)
    this.connections++
  }

  /** Sends until the end, a piece each time that the last has come back, and hashes both ways. */
  async #session(port: number, seed: number): Promise<{ sent: string; received: string }> {
    const [sent, received] = [createHash('sha256'), createHash('sha256')]
    await new Promise<void>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' })
      let missing = 0
      let piece = 0
      const send = (): void => {
        const bytes = deterministicBytes(seed * 1_000_003 + piece++, CHUNK_BYTES)
        sent.update(bytes)
        missing += bytes.length
        socket.write(bytes)
      }
      socket.on('connect', send)
      socket.on('data', (chunk: Buffer) => {
        received.update(chunk)
        missing -= chunk.length
        if (missing === 0) setImmediate(() => (this.#stopping ? socket.end() : send()))
      })
      socket.on('error', (error) => this.#failures.push(`long session: ${error.message}`))
      socket.on('close', () => resolve())
    })
    return { sent: sent.digest('hex'), received: received.digest('hex') }
  }
}
