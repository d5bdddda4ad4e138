import type { FixtureListenOptions } from './fixture-server.ts'
import { hashReceived } from './hash-received.ts'
import type { Behaviour, RawFixture } from './raw-fixture.ts'
import { rawFixture } from './raw-fixture.ts'

/**
 * Reads until the client's FIN, then answers `<sha256 in hex> <bytes>\n` and closes. After anything but a FIN it says
 * nothing, and the session's `end` is `error:CODE`.
 */
export function hashingBackend(options: FixtureListenOptions = {}): Promise<RawFixture> {
  return rawFixture(options, hashing())
}

/** What {@link hashingBackend} does. */
export function hashing(): Behaviour {
  return (session) => {
    hashReceived(session, (sha256, bytes) => session.stream.end(`${sha256} ${bytes}\n`))
  }
}
