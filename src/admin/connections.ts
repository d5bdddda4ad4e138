import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Handle } from './pipeline.ts'
import { Pipeline } from './pipeline.ts'

export interface ConnectionsOptions {
  readonly most: number
  /** Called for one request of a connection at a time; must end its response. */
  readonly handle: Handle
}

/**
 * The open connections of an admin listener, of which there are never more than `most`. Where one more comes, the
 * oldest that has no request under way goes: whoever opens connections and lets them lie locks no operator out.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  /** By age. */
  readonly #open = new Map<Socket, Pipeline>()

  constructor(server: Server, options: ConnectionsOptions) {
    this.#options = options
    server.on('connection', (socket: Socket) => this.#add(socket))
    server.on('request', (request, response) => this.#open.get(request.socket)?.add(request, response))
  }

  get size(): number {
    return this.#open.size
  }

  /** Ends those without a request under way, and the others as soon as they are answered. */
  close(): void {
    for (const pipeline of this.#open.values()) pipeline.close()
  }

  #add(socket: Socket): void {
    const { most, handle } = this.#options
    if (this.#open.size >= most) {
      const idle = this.#oldestIdle()
      if (idle === undefined) return void socket.destroy()
      this.#forget(idle)
      idle.destroy()
    }
    this.#open.set(socket, new Pipeline(socket, handle))
    socket.on('close', () => this.#forget(socket))
  }

  #oldestIdle(): Socket | undefined {
    for (const [socket, { isIdle }] of this.#open) if (isIdle) return socket
    return undefined
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket)
  }
}
