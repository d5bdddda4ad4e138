/** The command line cannot be used. Each line says what is wrong and what would be right. */
export class UsageError extends Error {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'UsageError'
    this.lines = lines
  }
}
