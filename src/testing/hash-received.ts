import { createHash } from 'node:crypto'
import type { FixtureSession } from './fixture-session.ts'

const NOTHING = new Uint8Array(0)

/**
 * Reads all that the client sends, sets `session.sha256` at its end, and calls `ended` if that end was a FIN.
 *
 * Node 20 reports an RST behind unread data as `end`. A write of no bytes finds out: it fails after an RST, the
 * socket's `error` listener records it, and `ended` is not called. Where our own side has ended before, there is no
 * way to find out.
 */
export function hashReceived(session: FixtureSession, ended: (sha256: string) => void): void {
  const { socket } = session
  const hash = createHash('sha256')
  socket.on('data', (chunk: Buffer) => hash.update(chunk))
  socket.on('end', () => {
    const sha256 = hash.digest('hex')
    session.sha256 = sha256
    if (!socket.writable) return ended(sha256)
    socket.write(NOTHING, (error) => {
      if (error === null || error === undefined) ended(sha256)
    })
  })
}
