import { createServer } from 'node:net'
import type { FixtureListenOptions } from './fixture-server.ts'
import { FixtureServer } from './fixture-server.ts'
import type { FixtureSession } from './fixture-session.ts'

export interface RawFixtureOptions extends FixtureListenOptions {
  /** Not a byte is read before `resume`; otherwise Node reads one chunk ahead. Default false. */
  readonly pauseOnConnect?: boolean | undefined
}

/**
 * Starts a raw TCP fixture: `serve` is called for each connection and does with `session.socket` what it likes.
 * Sockets may be half-open, send without delay, and have their `error` listener. A behaviour that the
 * ready-made fixtures lack is a few lines with it.
 */
export async function rawFixture(
  options: RawFixtureOptions,
  serve: (session: FixtureSession) => void,
): Promise<FixtureServer> {
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    pauseOnConnect: options.pauseOnConnect ?? false,
  })
  const fixture = new FixtureServer(server, options)
  fixture.on('session:open', serve)
  await fixture.start()
  return fixture
}
