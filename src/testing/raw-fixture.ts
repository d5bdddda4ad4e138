import { createServer } from 'node:net'
import type { FixtureListenOptions } from './fixture-server.ts'
import { FixtureServer } from './fixture-server.ts'
import type { FixtureSession } from './fixture-session.ts'

/** What a raw fixture does with a connection: called once for each, owns its `stream` from there on. */
export type Behaviour = (session: FixtureSession) => void

export interface RawFixtureOptions extends FixtureListenOptions {
  /** Not a byte is read before `resume`; otherwise Node reads one chunk ahead. Default false. */
  readonly pauseOnConnect?: boolean | undefined
}

/**
 * Starts a raw TCP fixture: `behaviour` is called for each connection and does with `session.stream` what it likes.
 * Sockets may be half-open, send without delay, and have their `error` listener. A behaviour that the
 * ready-made fixtures lack is a few lines with it.
 */
export async function rawFixture(options: RawFixtureOptions, behaviour: Behaviour): Promise<RawFixture> {
  const fixture = new RawFixture(options, behaviour)
  await fixture.start()
  return fixture
}

/** A TCP fixture whose behaviour may be changed while it runs. */
export class RawFixture extends FixtureServer {
  /** Of connections from now on: `backend.behaviour = behave.silent()`. */
  behaviour: Behaviour

  /** Use {@link rawFixture}. */
  constructor(options: RawFixtureOptions, behaviour: Behaviour) {
    const pauseOnConnect = options.pauseOnConnect ?? false
    super(createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect }), options)
    this.behaviour = behaviour
    this.on('session:open', (session) => this.serve(session))
  }

  /** What becomes of an accepted connection. */
  protected serve(session: FixtureSession): void {
    this.behaviour(session)
  }
}
