import type { FixtureListenOptions } from './fixture-server.ts'
import type { Behaviour, RawFixture } from './raw-fixture.ts'
import { rawFixture } from './raw-fixture.ts'

export interface BannerOptions {
  /** What it says first; default a line like an SMTP server's. */
  readonly banner?: string | Uint8Array | undefined
}

export interface BannerBackendOptions extends FixtureListenOptions, BannerOptions {}

/** Speaks first, as SMTP, FTP and MySQL do, and then echoes. */
export function bannerBackend(options: BannerBackendOptions = {}): Promise<RawFixture> {
  return rawFixture(options, banner(options))
}

/** What {@link bannerBackend} does. */
export function banner(options: BannerOptions = {}): Behaviour {
  const text = options.banner ?? '220 fixture ready\r\n'
  return ({ stream }) => {
    stream.write(text)
    stream.pipe(stream)
  }
}
