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
  await slice.rest()
  for (const piece of pieces) {
    if (response.destroyed) return
    if (!response.write(piece)) await canTakeMore(response)
    if (slice.isOver) await slice.rest()
  }
  if (!response.destroyed) response.end()
}

/** Or its reader has gone. Not by `once` and a signal: an `AbortError` for each answer takes longer than to send it. */
function canTakeMore(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
}
