import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * The open connections of an admin listener, of which there are never more than `most`. Where one more comes, the
 * oldest that has no request under way goes: whoever opens connections and lets them lie locks no operator out.
 */
export class Connections {
  readonly #most: number
  /** By age; the value tells whether a request is under way. */
  readonly #open = new Map<Socket, boolean>()
  #isClosing = false

  constructor(server: Server, { most }: { most: number }) {
    this.#most = most
    server.on('connection', (socket: Socket) => this.#add(socket))
    server.on('request', ({ socket }: { socket: Socket }, response: ServerResponse) => {
      this.#open.set(socket, true)
      response.on('close', () => {
        if (this.#isClosing) socket.destroySoon()
        else if (this.#open.has(socket)) this.#open.set(socket, false)
      })
    })
  }

  get size(): number {
    return this.#open.size
  }

  /** Ends those without a request under way, and the others as soon as they are answered. */
  close(): void {
    this.#isClosing = true
    for (const [socket, isBusy] of this.#open) if (!isBusy) socket.destroy()
  }

  #add(socket: Socket): void {
    if (this.#open.size >= this.#most) {
      const idle = this.#oldestIdle()
      if (idle === undefined) return void socket.destroy()
      this.#forget(idle)
      idle.destroy()
    }
    this.#open.set(socket, false)
    socket.on('close', () => this.#forget(socket))
  }

  #oldestIdle(): Socket | undefined {
    for (const [socket, isBusy] of this.#open) if (!isBusy) return socket
    return undefined
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket)
  }
}
