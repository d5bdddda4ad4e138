import type { CommandContext } from '../context.ts'

/** Another screen, so that what was there is there again; no cursor. */
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'

/**
 * The whole terminal, for as long as it is wanted. It is given back whatever happens: when left, when the process ends by
 * an exception, and by any signal that a process can hear.
 */
export class Screen implements Disposable {
  readonly #context: Pick<CommandContext, 'print' | 'keyboard'>
  #isOpen = true
  readonly #restore = (): void => this[Symbol.dispose]()

  constructor(context: Pick<CommandContext, 'print' | 'keyboard'>) {
    this.#context = context
    // The last thing that happens before an exception ends the process.
    process.on('exit', this.#restore)
    context.keyboard?.setRawMode(true)
    context.print(ENTER)
  }

  /** Shows these lines and nothing else. Drawn over the old ones, which does not flicker. */
  draw(lines: readonly string[]): void {
    if (this.#isOpen) this.#context.print(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`)
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.off('exit', this.#restore)
    this.#context.print(LEAVE)
    this.#context.keyboard?.setRawMode(false)
    this.#context.keyboard?.pause()
  }
}
