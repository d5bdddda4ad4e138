import type { FixtureListenOptions, FixtureServer } from './fixture-server.ts'
import { hashReceived } from './hash-received.ts'
import { rawFixture } from './raw-fixture.ts'

/**
 * Reads until the client's FIN, then answers `<sha256 in hex> <bytes>\n` and closes. After anything but a FIN it says
 * nothing, and the session's `end` is `error:CODE`.
 */
export function hashingBackend(options: FixtureListenOptions = {}): Promise<FixtureServer> {
  return rawFixture(options, (session) => {
    hashReceived(session, (sha256) => session.socket.end(`${sha256} ${session.bytesRead}\n`))
  })
}
