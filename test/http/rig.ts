import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FixtureServer } from '../../src/testing/fixture-server.ts'
import { rawFixture } from '../../src/testing/raw-fixture.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import { connectTo } from '../helpers/sockets.ts'
import { TextClient } from '../handlers/http/rig.ts'

/** A backend that records every byte and answers each whole head without a body with 200 and `good`. */
export class RecordingBackend implements AsyncDisposable {
  /** All that came, over all connections, one character a byte. */
  text = ''
  readonly #server: FixtureServer

  static async start(): Promise<RecordingBackend> {
    const record = { append: (_text: string): void => undefined }
    const server = await rawFixture({}, ({ socket }) => {
      let unanswered = ''
      socket.on('data', (chunk: Buffer) => {
        const text = chunk.toString('latin1')
        record.append(text)
        const parts = (unanswered + text).split('\r\n\r\n')
        unanswered = parts.pop() ?? ''
        for (const part of parts) if (!CHUNKED.test(part)) socket.write(GOOD)
      })
      socket.on('end', () => socket.end())
    })
    const backend = new RecordingBackend(server)
    record.append = (text) => (backend.text += text)
    return backend
  }

  constructor(server: FixtureServer) {
    this.#server = server
  }

  get port(): number {
    return this.#server.port
  }

  get connections(): number {
    return this.#server.connections
  }

  get active(): number {
    return this.#server.active
  }

  /** Whole heads that came. */
  get heads(): number {
    return this.text.split('\r\n\r\n').length - 1
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop()
  }
}

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood'
const CHUNKED = /^transfer-encoding:/im

/** What a client hears to the end when it says `pieces` on a connection of its own, each in a write of its own. */
export async function converse(port: number, pieces: readonly string[]): Promise<Heard> {
  await using client = new TextClient(await connectTo({ kind: 'tcp', host: '127.0.0.1', port }))
  await sayInPieces(client.socket, pieces)
  await waitUntil(() => client.end, { describe: () => `an end after ${client.text}` })
  return { text: client.text, end: client.end }
}

/** Writes each piece, and turns the loop before the next: else the system would join them. */
export async function sayInPieces(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await setImmediate()
    if (socket.writable) socket.write(piece, 'latin1')
  }
}

export interface Heard {
  readonly text: string
  readonly end: TextClient['end']
}

/** Every byte alone. */
export function bytewise(text: string): string[] {
  return text.split('')
}

/** In two pieces: at the start, around the middle, and before the last byte. */
export function halves(text: string): [string, string][] {
  const middle = text.length >> 1
  const places = [...new Set([1, middle, middle + 1, text.length - 1])]
  return places.map((at) => [text.slice(0, at), text.slice(at)])
}

/** The status of each of the responses in a text, in order. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
