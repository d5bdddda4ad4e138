import type { FixtureListenOptions, FixtureServer } from './fixture-server.ts'
import { rawFixture } from './raw-fixture.ts'

/**
 * Sends back every byte, reads no faster than the client takes them, and answers the client's FIN with its own
 * once everything is sent.
 */
export function echoBackend(options: FixtureListenOptions = {}): Promise<FixtureServer> {
  return rawFixture(options, ({ socket }) => {
    socket.pipe(socket)
  })
}
