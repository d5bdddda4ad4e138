import type { Socket } from 'node:net'
import type { Test } from 'tap'
import type { BalancerOptions } from '../../../src/config/options.ts'
import type { Balancer } from '../../../src/control/balancer.ts'
import type { RequestEnd } from '../../../src/core/events.ts'
import type { FixtureServer } from '../../../src/testing/fixture-server.ts'
import type { FixtureSession } from '../../../src/testing/fixture-session.ts'
import { rawFixture } from '../../../src/testing/raw-fixture.ts'
import { waitUntil } from '../../../src/testing/wait-for.ts'
import type { StartBalancer } from '../../faults/rig.ts'
import { overBothIos } from '../../faults/rig.ts'
import { connectTo } from '../../helpers/sockets.ts'

/** An HTTP balancer without checks on a free port, but for what the test wants otherwise. */
export type StartHttp = StartBalancer

/** One subtest over each way to do I/O; what is left open at its end fails it. */
export function overHttp(t: Test, name: string, body: (t: Test, start: StartHttp) => Promise<void>): void {
  overBothIos(t, name, async (sub, start) => {
    await body(sub, (options) => start({ mode: 'http', ...options }))
  })
}

/** What a scripted backend has read on one connection so far, and the means to answer. */
export class ScriptedConnection {
  text = ''
  /** Whole heads that came. */
  heads = 0
  readonly socket: Socket
  readonly session: FixtureSession
  /** Counts from 1. */
  readonly index: number

  constructor(session: FixtureSession, index: number) {
    this.session = session
    this.socket = session.socket
    this.index = index
    // Of thousands of requests the whole text is not looked through again with each.
    let unended = ''
    this.socket.on('data', (chunk: Buffer) => {
      const more = chunk.toString('latin1')
      this.text += more
      const [last = '', ...ended] = `${unended}${more}`.split('\r\n\r\n').toReversed()
      this.heads += ended.length
      unended = last
    })
  }

  async received(part: string): Promise<void> {
    await waitUntil(() => this.text.includes(part), { describe: () => `${part} in ${this.text}` })
  }
}

/** A backend that does as `serve` says, connection by connection. */
export async function scripted(
  serve: (connection: ScriptedConnection) => void | Promise<void>,
): Promise<Scripted> {
  const connections: ScriptedConnection[] = []
  const server = await rawFixture({}, (session) => {
    const connection = new ScriptedConnection(session, connections.length + 1)
    connections.push(connection)
    void serve(connection)
  })
  return new Scripted(server, connections)
}

export class Scripted implements AsyncDisposable {
  readonly connections: readonly ScriptedConnection[]
  readonly #server: FixtureServer

  constructor(server: FixtureServer, connections: readonly ScriptedConnection[]) {
    this.#server = server
    this.connections = connections
  }

  get port(): number {
    return this.#server.port
  }

  get active(): number {
    return this.#server.active
  }

  /** All that came, over all connections. */
  get text(): string {
    return this.connections.map(({ text }) => text).join('')
  }

  async connection(index: number): Promise<ScriptedConnection> {
    return await waitUntil(() => this.connections[index - 1], { describe: `connection ${index}` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop()
  }
}

/** Answers each whole head with the next of `answers`, the last one over and over. */
export function answering(...answers: string[]): (connection: ScriptedConnection) => void {
  return (connection) => {
    let answered = 0
    connection.socket.on('data', () => {
      while (answered < connection.heads) {
        connection.socket.write(answers[Math.min(answered, answers.length - 1)] as string, 'latin1')
        answered++
      }
    })
  }
}

export function ok(body: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}

/** A client that writes what it is told and collects all that comes. */
export class TextClient implements AsyncDisposable {
  text = ''
  end: 'end' | `error:${string}` | undefined = undefined
  readonly socket: Socket

  static async to(balancer: Balancer): Promise<TextClient> {
    return new TextClient(await connectTo({ kind: 'tcp', host: '127.0.0.1', port: balancer.port }))
  }

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1')
    })
    socket.on('end', () => {
      this.end ??= 'end'
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.end ??= `error:${error.code ?? ''}`
    })
  }

  write(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  async received(part: string): Promise<string> {
    await waitUntil(() => this.text.includes(part), { describe: () => `${part} in ${this.text}` })
    return this.text
  }

  /** Everything until the end of the connection. */
  async all(): Promise<string> {
    await waitUntil(() => this.end !== undefined, {
      describe: () => `an end after ${this.text}`,
      timeoutMs: 10_000,
    })
    return this.text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
  }
}

export function get(path = '/', fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n`
}

export function post(body: string, fields = '', path = '/'): string {
  return `POST ${path} HTTP/1.1\r\nHost: a.example\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}

/** Ends of requests from the call on. */
export function recordRequests(balancer: Balancer): RequestEnd[] {
  const ends: RequestEnd[] = []
  balancer.on('request:end', (end) => ends.push(end))
  return ends
}

export type HttpOptions = Partial<BalancerOptions>
