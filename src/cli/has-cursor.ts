import type { CommandContext } from './context.ts'

/** Whether it can be written over what stands there: a dumb terminal (Emacs' shell, many a CI) shows what should do that. */
export function hasCursor({
  stdoutIsTerminal,
  env,
}: Pick<CommandContext, 'stdoutIsTerminal' | 'env'>): boolean {
  return stdoutIsTerminal && env['TERM'] !== 'dumb'
}
