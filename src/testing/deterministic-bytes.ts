import { createHash } from 'node:crypto'

/** The unit in which a deterministic stream is made; never read by more than one stream's position. */
export const DETERMINISTIC_CHUNK_BYTES = 65_536

/**
 * The first `length` bytes of the endless stream that belongs to `seed`: no two stretches of it are alike, so that
 * its hash finds what is lost, doubled, or out of order. Chunk `i` of 64 KiB is SHAKE128 of `"seed:i"`, which other
 * languages can make too.
 */
export function deterministicBytes(seed: number, length: number): Buffer {
  const chunks: Buffer[] = []
  for (let done = 0, i = 0; done < length; done += DETERMINISTIC_CHUNK_BYTES, i++)
    chunks.push(deterministicChunk(seed, i).subarray(0, length - done))
  return Buffer.concat(chunks, length)
}

/** Chunk `index`, counted from 0, of the stream that belongs to `seed`; 64 KiB. */
export function deterministicChunk(seed: number, index: number): Buffer {
  return createHash('shake128', { outputLength: DETERMINISTIC_CHUNK_BYTES })
    .update(`${seed}:${index}`)
    .digest()
}
