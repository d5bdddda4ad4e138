import { once } from 'node:events'
import { get, type Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Config, ListenerConfig, PoolConfig } from '../../src/config/schema.ts'
import type { Balancer } from '../../src/control/balancer.ts'
import { startBalancer } from '../../src/control/create-balancer.ts'
import { echoBackend } from '../../src/testing/echo-backend.ts'
import { backendSpec, configOf, listenerConfig, poolConfig } from './configs.ts'

export interface Parts {
  readonly listener?: Partial<ListenerConfig>
  readonly pool?: Partial<PoolConfig>
}

/** A balancer before two echo backends, a and b. */
export class Rig implements AsyncDisposable {
  readonly balancer: Balancer
  readonly config: Config
  readonly a: ReturnType<typeof echoSpec>
  readonly b: ReturnType<typeof echoSpec>
  readonly #backends: readonly AsyncDisposable[]
  readonly #clients: Socket[] = []
  readonly #parts: Parts

  static async start(parts: Parts = {}): Promise<Rig> {
    const backends = [await echoBackend(), await echoBackend()] as const
    const [a, b] = [echoSpec('a', backends[0].port), echoSpec('b', backends[1].port)]
    const config = build({ backends: [a, b] }, parts)
    return new Rig(await startBalancer(config), { config, a, b, backends, parts })
  }

  constructor(
    balancer: Balancer,
    facts: {
      config: Config
      a: ReturnType<typeof echoSpec>
      b: ReturnType<typeof echoSpec>
      backends: readonly AsyncDisposable[]
      parts: Parts
    },
  ) {
    this.balancer = balancer
    this.config = facts.config
    this.a = facts.a
    this.b = facts.b
    this.#backends = facts.backends
    this.#parts = facts.parts
  }

  /** Reloads with what is different from the start. */
  reload(parts: Parts) {
    const listener = { ...this.#parts.listener, ...parts.listener }
    return this.balancer.reload(build({ backends: [this.a, this.b] }, { ...parts, listener }))
  }

  /** A session that a backend serves. */
  async open(): Promise<Socket> {
    const socket = await open(this.balancer.port)
    this.#clients.push(socket)
    await echo(socket, 'hello')
    return socket
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy()
    await this.balancer.close()
    for (const backend of this.#backends) await backend[Symbol.asyncDispose]()
  }
}

function build(basis: Partial<PoolConfig>, { listener, pool }: Parts): Config {
  return configOf([listenerConfig('main', listener)], [poolConfig('main', { ...basis, ...pool })])
}

function echoSpec(id: string, port: number) {
  const spec = backendSpec(id, port)
  return { ...spec, address: { kind: 'tcp', host: '127.0.0.1', port } as const }
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error))
  await Promise.race([once(socket, 'connect'), failed])
  failed.catch(() => undefined) // Resets at the end are what some of these tests are about.
  return socket
}

export async function echo(socket: Socket, text: string): Promise<string> {
  const data = once(socket, 'data')
  socket.write(text)
  const [chunk] = (await data) as [Buffer]
  return chunk.toString()
}

export async function ask({ port }: Balancer, agent: Agent): Promise<string> {
  return await new Promise((resolve, reject) => {
    get({ port, agent, host: '127.0.0.1' }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolve(body))
      response.on('error', reject)
    }).on('error', reject)
  })
}
