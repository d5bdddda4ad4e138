/** One line of the help: `--retries <n>`, what it does, what holds without it. */
export interface HelpLine {
  readonly flag: string
  readonly text: string
  readonly fallback?: string
}

const NARROWEST = 70
const WIDEST = 110

/** How wide help is on a terminal of so many columns. */
export function helpWidth(columns: number): number {
  return Math.min(Math.max(columns, NARROWEST), WIDEST)
}

/** Flags with what they do, made to fit `width`. */
export function helpLines(entries: readonly HelpLine[], width: number, flagWidth: number): string[] {
  return entries.flatMap(({ flag, text, fallback }) => {
    const whole = fallback === undefined ? text : `${text} [${fallback}]`
    const [first = '', ...rest] = wrap(whole, width - flagWidth - 2)
    return [`  ${flag.padEnd(flagWidth)}${first}`, ...rest.map((line) => ' '.repeat(flagWidth + 2) + line)]
  })
}

/** Lines of whole words. */
export function wrap(text: string, width: number): string[] {
  const wrapped: string[] = []
  for (const word of text.split(' ')) {
    const last = wrapped.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      wrapped[wrapped.length - 1] = `${last} ${word}`
    else wrapped.push(word)
  }
  return wrapped
}
