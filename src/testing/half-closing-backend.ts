import type { FixtureListenOptions, FixtureServer } from './fixture-server.ts'
import { hashReceived } from './hash-received.ts'
import { rawFixture } from './raw-fixture.ts'

export interface HalfClosingBackendOptions extends FixtureListenOptions {
  /** What it says before its FIN; default nothing. */
  readonly says?: string | Uint8Array | undefined
}

/**
 * Says its piece, sends FIN at once, and goes on reading until the client's FIN. The session's `sha256` is that of
 * all it received.
 */
export function halfClosingBackend(options: HalfClosingBackendOptions = {}): Promise<FixtureServer> {
  return rawFixture(options, (session) => {
    hashReceived(session, () => undefined)
    session.socket.end(options.says ?? '')
  })
}
