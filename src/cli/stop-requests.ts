import type { CommandContext, StopSignal } from './context.ts'

/**
 * The signals that ask for the end, one after the other; those that come before anybody can act on them are kept. Until
 * it begins they end the process as they would any: nothing is open that would be left behind. From then on they never do,
 * to the very last: one that came amid the end would leave the pid file behind, lose the last lines of the log and make
 * another exit code of it.
 */
export class StopRequests {
  readonly #signals: CommandContext['signals']
  readonly #arrived: StopSignal[] = []
  #hasBegun = false
  #waiting: ((signal: StopSignal) => void) | undefined

  constructor({ signals }: Pick<CommandContext, 'signals'>) {
    this.#signals = signals
  }

  /** Called as the first address is about to be opened; may be called again. */
  readonly begin = (): void => {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#signals.on('SIGTERM', () => this.#arrive('SIGTERM'))
    this.#signals.on('SIGINT', () => this.#arrive('SIGINT'))
  }

  next(): Promise<StopSignal> {
    return new Promise((resolve) => {
      const arrived = this.#arrived.shift()
      if (arrived === undefined) this.#waiting = resolve
      else resolve(arrived)
    })
  }

  #arrive(signal: StopSignal): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#arrived.push(signal)
    else waiting(signal)
  }
}
