import { createServer } from 'node:net'
import type { FixtureListenOptions } from './fixture-server.ts'
import { FixtureServer } from './fixture-server.ts'
import type { FixtureSession } from './fixture-session.ts'

/**
 * Starts a raw TCP fixture: `serve` is called for each connection and does with `session.socket` what it likes.
 * Sockets may be half-open, send without delay, and have their `error` listener. Read this way every behaviour
 * that the ready-made fixtures lack is a few lines.
 */
export async function rawFixture(
  options: FixtureListenOptions,
  serve: (session: FixtureSession) => void,
): Promise<FixtureServer> {
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  const fixture = new FixtureServer(server, options)
  fixture.on('session:open', serve)
  await fixture.start()
  return fixture
}
