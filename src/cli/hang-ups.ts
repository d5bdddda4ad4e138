import type { CommandContext } from './context.ts'

/**
 * SIGHUP from the first moment to the last: it would end a process that does not listen to it. One that comes before anybody
 * can act on it is kept until then. SIGUSR1, too, which is ignored: where nobody listens to it, Node opens its debugger,
 * and that is not what somebody means who asks for a soft stop.
 */
export class HangUps {
  #act: (() => void) | undefined
  #isWaiting = false

  constructor({ signals }: Pick<CommandContext, 'signals'>) {
    signals.on('SIGHUP', () => this.#arrive())
    signals.on('SIGUSR1', ignore)
  }

  /** Calls `act` for each from now on, and for those that came before once. */
  begin(act: () => void): void {
    this.#act = act
    if (this.#isWaiting) act()
    this.#isWaiting = false
  }

  #arrive(): void {
    if (this.#act === undefined) this.#isWaiting = true
    else this.#act()
  }
}

function ignore(): void {
  // SIGTERM is the signal to stop.
}
