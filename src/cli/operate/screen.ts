import type { CommandContext } from '../context.ts'

type Terminal = Pick<CommandContext, 'print' | 'keyboard' | 'signals' | 'suspend'>

/** Another screen, so that what was there is there again; no cursor; lines that are too long are cut and not wrapped. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
/** Terminals that know it show what lies between at once; others do nothing. */
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'

/**
 * The whole terminal, for as long as it is wanted. It is given back whatever happens: when left, when the process ends by
 * an exception, by any signal that a process can hear, and for as long as Ctrl-Z stops it.
 */
export class Screen implements Disposable {
  readonly #context: Terminal
  #isOpen = true
  #lines: readonly string[] = []
  readonly #restore = (): void => this[Symbol.dispose]()
  /** A shell may have had the terminal, while this process was stopped. */
  readonly #again = (): void => {
    this.#enter()
    this.draw(this.#lines)
  }
  readonly #onStop = (): void => this.suspend()

  constructor(context: Terminal) {
    this.#context = context
    // The last thing that happens before an exception ends the process.
    process.on('exit', this.#restore)
    context.signals.on('SIGTSTP', this.#onStop)
    context.signals.on('SIGCONT', this.#again)
    this.#enter()
  }

  /** Gives the terminal to the shell and stops, until that says to go on: what Ctrl-Z means. */
  suspend(): void {
    if (!this.#isOpen) return
    const { signals } = this.#context
    this.#leave()
    // Only where nobody listens does the signal stop a process.
    signals.off('SIGTSTP', this.#onStop)
    this.#context.suspend()
    signals.on('SIGTSTP', this.#onStop)
    this.#again()
  }

  /** Shows these lines and nothing else. Drawn over the old ones, which does not flicker. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return
    this.#lines = lines
    // Cleared before it is written: behind a line that is full, the last character would go.
    const text = lines
      .map((line, i) => `${i === lines.length - 1 ? '\x1b[J' : '\x1b[2K'}${line}`)
      .join('\r\n')
    this.#context.print(`${BEGIN_FRAME}\x1b[H${text}${END_FRAME}`)
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.off('exit', this.#restore)
    this.#context.signals.off('SIGTSTP', this.#onStop)
    this.#context.signals.off('SIGCONT', this.#again)
    this.#leave()
    this.#context.keyboard?.pause()
  }

  #enter(): void {
    this.#context.keyboard?.setRawMode(true)
    this.#context.print(ENTER)
  }

  #leave(): void {
    this.#context.print(LEAVE)
    try {
      this.#context.keyboard?.setRawMode(false)
    } catch {
      // The terminal itself has gone.
    }
  }
}
