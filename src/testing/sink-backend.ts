import type { FixtureListenOptions, FixtureServer } from './fixture-server.ts'
import { rawFixture } from './raw-fixture.ts'

/** Takes and counts every byte, says nothing, and answers the client's FIN with its own. */
export function sinkBackend(options: FixtureListenOptions = {}): Promise<FixtureServer> {
  return rawFixture(options, ({ socket }) => {
    socket.on('end', () => socket.end()).resume()
  })
}
