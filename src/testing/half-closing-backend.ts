import type { FixtureListenOptions } from './fixture-server.ts'
import { hashReceived } from './hash-received.ts'
import type { Behaviour, RawFixture } from './raw-fixture.ts'
import { rawFixture } from './raw-fixture.ts'

export interface HalfClosingOptions {
  /** What it says before its FIN; default nothing. */
  readonly says?: string | Uint8Array | undefined
}

export interface HalfClosingBackendOptions extends FixtureListenOptions, HalfClosingOptions {}

/**
 * Says its piece, sends FIN at once, and goes on reading until the client's FIN. The session's `sha256` is that of
 * all it received.
 */
export function halfClosingBackend(options: HalfClosingBackendOptions = {}): Promise<RawFixture> {
  return rawFixture(options, halfClosing(options))
}

/** What {@link halfClosingBackend} does. */
export function halfClosing(options: HalfClosingOptions = {}): Behaviour {
  return (session) => {
    hashReceived(session, () => undefined)
    session.stream.end(options.says ?? '')
  }
}
