import { LEAST_CHUNK_COST } from '../least-chunk-cost.ts'

/** Pipelined bytes are held up to here; then the client is not read until its turn comes. */
const MOST_HELD_BYTES = 64 * 1024

/** What a client sent before its turn. */
export class HeldBytes {
  #chunks: Buffer[] = []
  #cost = 0

  get isEmpty(): boolean {
    return this.#chunks.length === 0
  }

  get isFull(): boolean {
    return this.#cost >= MOST_HELD_BYTES
  }

  /** Keeps `chunk` itself: give a copy of what is not yours. */
  add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#cost += Math.max(chunk.length, LEAST_CHUNK_COST)
  }

  /** All of it, as one; then nothing is held any more. */
  take(): Buffer {
    const chunks = this.#chunks
    this.#chunks = []
    this.#cost = 0
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
  }
}
