import type { CommandContext } from '../context.ts'

/** Another screen, so that what was there is there again; no cursor; lines that are too long are cut and not wrapped. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
/** Terminals that know it show what lies between at once; others do nothing. */
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'

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
    this.enter()
  }

  /** Takes the terminal, again after somebody else had it: a shell, while this process was stopped. */
  enter(): void {
    if (!this.#isOpen) return
    this.#context.keyboard?.setRawMode(true)
    this.#context.print(ENTER)
  }

  /** Shows these lines and nothing else. Drawn over the old ones, which does not flicker. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return
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
    this.#context.print(LEAVE)
    try {
      this.#context.keyboard?.setRawMode(false)
    } catch {
      // The terminal itself has gone.
    }
    this.#context.keyboard?.pause()
  }
}
