import type { Conn } from '../net/conn.ts'
import { LEAST_CHUNK_COST } from './least-chunk-cost.ts'

/**
 * While we dial or queue, the client is read up to here, so that its reset is seen (a paused socket shows none) and
 * its memory stays bounded.
 */
const MOST_EARLY_BYTES = 64 * 1024

/** What the client sends before a backend is there for it. */
export class EarlyBytes {
  readonly chunks: Buffer[] = []
  #cost = 0

  /** Keeps a copy: the chunk's memory is read into again. */
  add(client: Conn, chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk))
    this.#cost += Math.max(chunk.length, LEAST_CHUNK_COST)
    if (this.#cost >= MOST_EARLY_BYTES) client.pause()
  }
}
