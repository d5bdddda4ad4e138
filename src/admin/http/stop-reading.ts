import type { Socket } from 'node:net'

/** What a parser takes for "all that follows on this connection is another protocol". */
const NO_MORE_REQUESTS = 2

/**
 * Ends a connection of which nothing is wanted any more. Its parser makes a request of each that the last read brought,
 * also when the socket is destroyed: two thousand in 64 KiB, which hold everything up for a tenth of a second. It stops
 * at the first that is said to be an upgrade. Where Node has no such parser, the rest just takes its time.
 * https://github.com/nodejs/node/blob/v20.19.0/lib/_http_common.js, `parserOnHeadersComplete`.
 */
export function stopReading(socket: Socket): void {
  const { parser } = socket as Socket & { parser?: { onIncoming: () => number } | null }
  if (parser) parser.onIncoming = () => NO_MORE_REQUESTS
  socket.destroy()
}
