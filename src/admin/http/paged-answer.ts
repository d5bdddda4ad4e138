import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { Slice } from '../slice.ts'
import type { StreamAnswer } from './route.ts'

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
    for (const piece of pieces) {
      if (response.destroyed) return
      if (!response.write(piece)) await once(response, 'drain', { signal: gone.signal })
      if (slice.isOver) await slice.rest()
    }
    response.end()
  } catch {
    response.destroy() // The reader has gone.
  }
}
