import type { CommandContext, StopSignal } from './context.ts'

/**
 * The signals that ask for the end, one after the other; those that come before anybody can act on them are kept. Until
 * it begins they end the process as they would any: nothing is open that would be left behind.
 */
export class StopRequests implements Disposable {
  readonly #signals: CommandContext['signals']
  readonly #arrived: StopSignal[] = []
  #waiting: ((signal: StopSignal) => void) | undefined

  constructor({ signals }: Pick<CommandContext, 'signals'>) {
    this.#signals = signals
  }

  /** Called as the first address is about to be opened; may be called again. */
  readonly begin = (): void => {
    this.end()
    this.#signals.on('SIGTERM', this.#onTerm)
    this.#signals.on('SIGINT', this.#onInt)
  }

  next(): Promise<StopSignal> {
    return new Promise((resolve) => {
      const arrived = this.#arrived.shift()
      if (arrived === undefined) this.#waiting = resolve
      else resolve(arrived)
    })
  }

  /** One more ends the process as it would any. */
  end(): void {
    this.#signals.off('SIGTERM', this.#onTerm)
    this.#signals.off('SIGINT', this.#onInt)
  }

  [Symbol.dispose](): void {
    this.end()
  }

  readonly #onTerm = (): void => this.#arrive('SIGTERM')
  readonly #onInt = (): void => this.#arrive('SIGINT')

  #arrive(signal: StopSignal): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#arrived.push(signal)
    else waiting(signal)
  }
}
