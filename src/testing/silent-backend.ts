import type { FixtureListenOptions, FixtureServer } from './fixture-server.ts'
import { rawFixture } from './raw-fixture.ts'

export interface SilentBackendOptions extends FixtureListenOptions {
  /** false: it never reads either, so its receive window fills up, and it notices no FIN. Default true. */
  readonly reads?: boolean | undefined
}

/** Accepts, and then neither answers nor closes, not even after the client's FIN. */
export function silentBackend(options: SilentBackendOptions = {}): Promise<FixtureServer> {
  const reads = options.reads ?? true
  return rawFixture({ ...options, pauseOnConnect: !reads }, ({ socket }) => {
    if (reads) socket.resume()
  })
}
