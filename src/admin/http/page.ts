import { once } from 'node:events'
import { constants, createGzip } from 'node:zlib'
import type { Clock } from '../../core/clock.ts'
import { Slice } from '../slice.ts'

/** Shorter pages are not worth the work: they fit in a handful of packets. */
const LEAST_GZIP_BYTES = 64 * 1024

/** Bytes that are sent more than once: as they are, and compressed from the first time that somebody wants that. */
export class Page {
  /** In order. */
  readonly pieces: readonly Buffer[]
  readonly isLong: boolean
  readonly #clock: Clock
  #gzip: Promise<readonly Buffer[]> | undefined

  constructor(pieces: readonly Buffer[], { clock }: { clock: Clock }) {
    this.pieces = pieces
    this.isLong = pieces.reduce((sum, { length }) => sum + length, 0) >= LEAST_GZIP_BYTES
    this.#clock = clock
  }

  gzip(): Promise<readonly Buffer[]> {
    this.#gzip ??= compress(this.pieces, this.#clock)
    return this.#gzip
  }
}

/** On a helper thread, which may have to share the traffic's CPU: so piece by piece, with rests in between. */
async function compress(pieces: readonly Buffer[], clock: Clock): Promise<readonly Buffer[]> {
  const slice = new Slice(clock)
  // The fastest level: metrics shrink to a twentieth with it, and with the default one not to much less.
  const gzip = createGzip({ level: constants.Z_BEST_SPEED })
  const made: Buffer[] = []
  gzip.on('data', (piece: Buffer) => made.push(piece))
  const ended = once(gzip, 'end') // rejects where it fails
  for (const piece of pieces) {
    await Promise.race([ended, new Promise<void>((taken) => gzip.write(piece, () => taken()))])
    await slice.rest()
  }
  gzip.end()
  await ended
  return made
}
