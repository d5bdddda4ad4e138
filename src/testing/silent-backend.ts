import type { FixtureListenOptions } from './fixture-server.ts'
import type { Behaviour, RawFixture } from './raw-fixture.ts'
import { rawFixture } from './raw-fixture.ts'

export interface SilentOptions {
  /** false: it never reads either, so its receive window fills up, and it notices no FIN. Default true. */
  readonly reads?: boolean | undefined
}

export interface SilentBackendOptions extends FixtureListenOptions, SilentOptions {}

/** Accepts, and then neither answers nor closes, not even after the client's FIN. */
export function silentBackend(options: SilentBackendOptions = {}): Promise<RawFixture> {
  return rawFixture({ ...options, pauseOnConnect: options.reads === false }, silent(options))
}

/** What {@link silentBackend} does. A fixture that had another behaviour before still reads one chunk ahead. */
export function silent(options: SilentOptions = {}): Behaviour {
  const reads = options.reads ?? true
  return ({ stream }) => {
    if (reads) stream.resume()
  }
}
