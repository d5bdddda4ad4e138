import { createHash } from 'node:crypto'
import type { FixtureSession } from './fixture-session.ts'

const NOTHING = new Uint8Array(0)

/**
 * Reads all that the client sends, sets `session.sha256` at its end, and calls `ended` if that end was a FIN.
 *
 * Node 20 and 22 report an RST behind unread data as `end`. A write of no bytes finds out: it fails after an RST, the
 * socket's `error` listener records it, and `ended` is not called. Where our own side has ended before, there is no
 * way to find out.
 */
export function hashReceived(session: FixtureSession, ended: (sha256: string, bytes: number) => void): void {
  const { stream } = session
  const hash = createHash('sha256')
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    bytes += chunk.length
  })
  stream.on('end', () => {
    const sha256 = hash.digest('hex')
    session.sha256 = sha256
    if (!stream.writable) return ended(sha256, bytes)
    stream.write(NOTHING, (error) => {
      if (error === null || error === undefined) ended(sha256, bytes)
    })
  })
}
