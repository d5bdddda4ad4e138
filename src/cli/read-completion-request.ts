import { assertKnown } from './assert-known.ts'
import type { Argv } from './argv.ts'
import type { CompletionRequest } from './requests.ts'
import { UsageError } from './usage-error.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

/** @throws {UsageError} */
export function readCompletionRequest(argv: Argv): CompletionRequest {
  const unknown = assertKnown(argv, 'completion')
  const shell = SHELLS.find((name) => name === argv['shell'])
  if (shell === undefined) unknown.push(`completion for which shell? One of ${SHELLS.join(', ')}`)
  if (shell === undefined || unknown.length > 0) throw new UsageError(unknown)
  return { command: 'completion', shell }
}
