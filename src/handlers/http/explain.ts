import type { Backend } from '../../core/backend.ts'
import type { FailedAttempt } from '../../core/events.ts'

/** Who answered, and who was tried before and why in vain, for the client to see. */
export function explainLines(backend: Backend | undefined, tried: readonly FailedAttempt[]): string {
  const attempts = tried.map(({ backend: id, reason }) => `${id} (${reason})`)
  const served = backend === undefined ? '' : `X-Fairlead-Backend: ${backend.id}\r\n`
  return attempts.length === 0 ? served : `${served}X-Fairlead-Tried: ${attempts.join(', ')}\r\n`
}
