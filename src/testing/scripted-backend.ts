import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import type { FixtureListenOptions } from './fixture-server.ts'
import { RawFixture } from './raw-fixture.ts'
import type { ScriptError, ScriptStep } from './script.ts'
import { ScriptRun } from './script.ts'
import type { WaitOptions } from './wait-for.ts'
import { waitUntil } from './wait-for.ts'

/** The steps of every connection, or a function that gives those of the nth, from 1. */
export type Script = readonly ScriptStep[] | ((connection: number) => readonly ScriptStep[])

export interface ScriptedBackendOptions extends FixtureListenOptions {
  readonly script: Script
  /** Times delays and expectations; default the system's. */
  readonly clock?: Clock | undefined
}

/**
 * Plays a script on each connection: what it expects, what it sends, how it ends. After the last step the connection
 * stays open, and what comes is read, until somebody closes it. Where a client does something else, the connection is
 * reset, and `failures` and `played()` say what came.
 */
export async function scriptedBackend(options: ScriptedBackendOptions): Promise<ScriptedBackend> {
  const fixture = new ScriptedBackend(options)
  await fixture.start()
  return fixture
}

export class ScriptedBackend extends RawFixture {
  /** Of connections from now on. */
  script: Script
  /** One for each connection, in order. */
  readonly runs: ScriptRun[] = []

  /** Use {@link scriptedBackend}. */
  constructor({ script, clock = systemClock, ...listen }: ScriptedBackendOptions) {
    super(listen, (session) => {
      const steps = typeof this.script === 'function' ? this.script(session.id) : this.script
      const run = new ScriptRun(session, steps, clock)
      this.runs.push(run)
      // The client's FIN is answered, but not before the script has played: it may have more to say.
      const answerEnd = (): void => {
        if (run.state !== 'playing' && session.fin && session.stream.writable) session.stream.end()
      }
      session.stream.on('end', answerEnd)
      void run.play().then(answerEnd)
    })
    this.script = script
  }

  /** What clients did wrong, in the order in which it happened to connections. */
  get failures(): readonly ScriptError[] {
    return this.runs.flatMap(({ failure }) => failure ?? [])
  }

  /**
   * Waits until `count` connections have played their script to its end, those of before the call included.
   *
   * @throws {ScriptError} the first one, as soon as a client does something else than a script expects.
   */
  async played(count = 1, options: WaitOptions = {}): Promise<void> {
    await waitUntil(
      () => {
        const [failure] = this.failures
        if (failure !== undefined) throw failure
        return this.runs.filter(({ state }) => state === 'played').length >= count
      },
      { ...options, describe: () => `${count} scripts to be played; ${this.#progress()}` },
    )
  }

  #progress(): string {
    if (this.runs.length === 0) return 'nobody has connected'
    return this.runs
      .map(({ session, played, steps }) => `connection ${session.id} has played ${played} of ${steps.length}`)
      .join(', ')
  }
}
