import type { Clock } from '../core/clock.ts'
import { wait } from '../core/clock.ts'
import { FairleadError } from '../core/errors.ts'
import type { FixtureSession } from './fixture-session.ts'
import { ScriptInput, show } from './script-input.ts'

/**
 * One step of a script. `expect`: the next bytes from the client are these, or the text that has come matches; what
 * follows is left for the next step. `expect-end`: nothing more comes, but the client's FIN. `half-close`: sends FIN
 * and goes on reading.
 */
export type ScriptStep =
  | {
      readonly expect: string | Uint8Array | RegExp
      /** How long it may take to come; default 5 s. */
      readonly timeoutMs?: number | undefined
    }
  | { readonly send: string | Uint8Array }
  | { readonly delayMs: number }
  | 'expect-end'
  | 'half-close'
  | 'close'
  | 'reset'

/** A client did not do what the script expects. */
export class ScriptError extends FairleadError {
  /** Which connection of the fixture, and which of its steps, both from 1. */
  readonly connection: number
  readonly step: number
  /** What came instead, as far as it came. */
  readonly received: Buffer

  constructor(what: string, where: { connection: number; step: number; steps: number; received: Buffer }) {
    const place = `connection ${where.connection}, step ${where.step} of ${where.steps}`
    super('FAIRLEAD_SCRIPT', `${place}: ${what}; what came: ${show(where.received)}`)
    this.connection = where.connection
    this.step = where.step
    this.received = where.received
  }
}

const EXPECT_TIMEOUT_MS = 5_000

/** One connection that plays a script. */
export class ScriptRun {
  readonly session: FixtureSession
  readonly steps: readonly ScriptStep[]
  /** Steps that are done. */
  played = 0
  state: 'playing' | 'played' | 'failed' = 'playing'
  failure: ScriptError | undefined = undefined
  readonly #clock: Clock
  readonly #input: ScriptInput

  constructor(session: FixtureSession, steps: readonly ScriptStep[], clock: Clock) {
    this.session = session
    this.steps = steps
    this.#clock = clock
    this.#input = new ScriptInput(session.stream)
  }

  /** Never rejects. An expectation that fails ends the connection with a reset. */
  async play(): Promise<void> {
    for (const step of this.steps) {
      const problem = await this.#perform(step)
      if (problem !== undefined) return this.#fail(problem)
      this.played++
    }
    this.state = 'played'
  }

  async #perform(step: ScriptStep): Promise<string | undefined> {
    const { session } = this
    const { stream } = session
    if (step === 'expect-end')
      return this.#within(EXPECT_TIMEOUT_MS, "the client's FIN", () => this.#input.end())
    if (step === 'half-close') stream.end()
    else if (step === 'close') stream.destroy()
    else if (step === 'reset') session.reset()
    else if ('delayMs' in step) await wait(this.#clock, step.delayMs)
    else if ('send' in step) return this.#send(step.send)
    else {
      const { expect, timeoutMs = EXPECT_TIMEOUT_MS } = step
      return this.#within(timeoutMs, show(expect), () => this.#input.expect(expect))
    }
    return undefined
  }

  #send(bytes: string | Uint8Array): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.session.stream.write(bytes, (error) => {
        resolve(error === null || error === undefined ? undefined : `could not send: ${error.message}`)
      })
    })
  }

  /** Looks at each piece that comes, until it can tell. */
  async #within(
    timeoutMs: number,
    awaited: string,
    look: () => 'yes' | 'no' | 'unknown',
  ): Promise<string | undefined> {
    let isLate = false
    const timer = this.#clock.setTimer(() => {
      isLate = true
      this.#input.wake()
    }, timeoutMs)
    try {
      for (;;) {
        const answer = look()
        if (answer === 'yes') return undefined
        if (answer === 'no') return `expected ${awaited}`
        if (this.#input.ended) return `expected ${awaited}, but the connection ${this.#howItEnded()}`
        if (isLate) return `expected ${awaited} within ${timeoutMs} ms`
        await this.#input.more()
      }
    } finally {
      timer.cancel()
    }
  }

  #howItEnded(): string {
    const { error } = this.session
    return error === undefined ? 'ended' : `broke (${error})`
  }

  #fail(what: string): void {
    const received = this.#input.rest()
    this.failure = new ScriptError(what, {
      connection: this.session.id,
      step: this.played + 1,
      steps: this.steps.length,
      received,
    })
    this.state = 'failed'
    this.session.reset()
  }
}
