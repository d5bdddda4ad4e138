import type { FixtureListenOptions } from './fixture-server.ts'
import type { Behaviour, RawFixture } from './raw-fixture.ts'
import { rawFixture } from './raw-fixture.ts'

/**
 * Sends back every byte, reads no faster than the client takes them, and answers the client's FIN with its own
 * once everything is sent.
 */
export function echoBackend(options: FixtureListenOptions = {}): Promise<RawFixture> {
  return rawFixture(options, echo())
}

/** What {@link echoBackend} does. */
export function echo(): Behaviour {
  return ({ stream }) => {
    stream.pipe(stream)
  }
}
