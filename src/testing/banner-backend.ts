import type { FixtureListenOptions, FixtureServer } from './fixture-server.ts'
import { rawFixture } from './raw-fixture.ts'

export interface BannerBackendOptions extends FixtureListenOptions {
  /** What it says first; default a line like an SMTP server's. */
  readonly banner?: string | Uint8Array | undefined
}

/** Speaks first, as SMTP, FTP and MySQL do, and then echoes. */
export function bannerBackend(options: BannerBackendOptions = {}): Promise<FixtureServer> {
  const banner = options.banner ?? '220 fixture ready\r\n'
  return rawFixture(options, ({ socket }) => {
    socket.write(banner)
    socket.pipe(socket)
  })
}
