import type { FixtureListenOptions } from './fixture-server.ts'
import type { Behaviour, RawFixture } from './raw-fixture.ts'
import { rawFixture } from './raw-fixture.ts'

/** Takes and counts every byte, says nothing, and answers the client's FIN with its own. */
export function sinkBackend(options: FixtureListenOptions = {}): Promise<RawFixture> {
  return rawFixture(options, sink())
}

/** What {@link sinkBackend} does. */
export function sink(): Behaviour {
  return ({ stream }) => {
    stream.on('end', () => stream.end()).resume()
  }
}
