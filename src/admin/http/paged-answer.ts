import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { Slice } from '../slice.ts'
import type { StreamAnswer } from './route.ts'

/** Less than this is not worth a write of its own. */
const LEAST_WRITE_BYTES = 32 * 1024

/** Bytes that are large, sent piece by piece, so that traffic has its turn in between. */
export function pagedAnswer(
  pieces: readonly Buffer[],
  { type, clock, ...head }: Omit<StreamAnswer, 'stream'> & { readonly clock: Clock },
): StreamAnswer {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return {
    ...head,
    type,
    headers: { ...head.headers, 'Content-Length': String(length) },
    stream(response, patienceMs) {
      // A reader that takes nothing for so long is cut off; then `close` comes instead of `drain`.
      response.setTimeout(patienceMs)
      void send(response, pieces, new Slice(clock))
    },
  }
}

async function send(response: ServerResponse, pieces: readonly Buffer[], slice: Slice): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    for (const part of writes(pieces)) {
      if (response.destroyed) return
      if (!response.write(part)) await once(response, 'drain', { signal: gone.signal })
      if (slice.isOver) await slice.rest()
    }
    response.end()
  } catch {
    response.destroy() // The reader has gone.
  }
}

/** The same bytes in pieces that are worth a write each. */
function* writes(pieces: readonly Buffer[]): Generator<Buffer, void> {
  let small: Buffer[] = []
  let length = 0
  for (const piece of pieces) {
    small.push(piece)
    length += piece.length
    if (length < LEAST_WRITE_BYTES) continue
    yield joined(small)
    small = []
    length = 0
  }
  if (length > 0) yield joined(small)
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}
