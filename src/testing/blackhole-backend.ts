import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { TcpAddress } from '../core/address.ts'

/** A place where connects neither succeed nor fail. */
export interface BlackholeBackend extends AsyncDisposable {
  /** What a balancer calls it that is given it as a backend; default its address. */
  readonly id: string | undefined
  readonly address: TcpAddress
  readonly port: number
  /** From now on connects are refused; those under way are, too, at their next SYN. */
  stop(): Promise<void>
  /** Swallows connects again, on the same port. */
  start(): Promise<void>
}

/** A listener with this backlog completes one connection more (Linux); then it drops every SYN. */
const BACKLOG = 1

/**
 * Starts a listener on 127.0.0.1 whose connects never complete: a thread listens and then blocks, so that nothing is
 * accepted, and its queue is filled. Needs Linux.
 */
export async function blackholeBackend(
  options: { port?: number; id?: string } = {},
): Promise<BlackholeBackend> {
  const blackhole = new Blackhole(options)
  await blackhole.start()
  return blackhole
}

class Blackhole implements BlackholeBackend {
  readonly id: string | undefined
  address: TcpAddress
  #worker: Worker | undefined
  #filling: Socket[] = []

  constructor({ id, port = 0 }: { id?: string; port?: number }) {
    this.id = id
    this.address = { kind: 'tcp', host: '127.0.0.1', port }
  }

  get port(): number {
    return this.address.port
  }

  async start(): Promise<void> {
    if (this.#worker !== undefined) return
    // Without the parent's loaders: the code is plain JavaScript, and must run from src and from dist.
    const worker = new Worker(LISTEN_AND_BLOCK, {
      eval: true,
      execArgv: [],
      workerData: { address: this.address, backlog: BACKLOG },
    })
    const [port] = (await once(worker, 'message')) as [number]
    this.#worker = worker
    this.address = { ...this.address, port }
    // One after the other: SYNs at the same time could all find the queue not yet full.
    for (let i = 0; i < BACKLOG + 1; i++) this.#filling.push(await established(this.address))
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    for (const socket of this.#filling.splice(0)) socket.destroy()
    await worker?.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** What it throws reaches `once(worker, 'message')` as the worker's `error` event. */
const LISTEN_AND_BLOCK = `
const { createServer } = require('node:net')
const { parentPort, workerData } = require('node:worker_threads')
const server = createServer()
server.listen({ ...workerData.address, backlog: workerData.backlog }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
`

async function established(address: TcpAddress): Promise<Socket> {
  const socket = connect(address.port, address.host)
  socket.on('error', () => undefined) // The listener is taken away beneath it at the end.
  await once(socket, 'connect')
  return socket
}
