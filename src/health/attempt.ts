import { isLocalFault } from '../core/local-fault.ts'
import type { CheckCode } from '../core/backend.ts'
import type { ProbeResult } from '../core/probe.ts'

/** Where a probe's connection reports how it went. The first report counts, the rest is ignored. */
export interface Report {
  result(result: ProbeResult): void
  /** An error met at the stage that `code` names. */
  error(code: CheckCode, error: unknown): void
}

/** A probe's connection while it is under way. */
export interface Attempt {
  /** Closed as soon as there is a result. Its `error` listener must stay on. */
  readonly connection: { destroy(): unknown }
  /** The stage that the time ran out in, asked when it did. */
  timeout(): { readonly code: CheckCode; readonly text: string }
}

/**
 * Runs one attempt of a probe: opens it, closes it at the first report or when `signal` aborts, and leaves no
 * listener on the signal. A fault of this machine rejects, because it says nothing about the backend: the
 * scheduler holds it against nobody.
 */
export function runAttempt(signal: AbortSignal, open: (report: Report) => Attempt): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      signal.removeEventListener('abort', abort)
      attempt.connection.destroy()
    }
    const result = (found: ProbeResult): void => {
      end()
      resolve(found)
    }
    const error = (code: CheckCode, cause: unknown): void => {
      if (!isOurFault(cause)) return result({ ok: false, code, text: errorText(cause) })
      end()
      reject(cause)
    }
    const abort = (): void => result({ ok: false, ...attempt.timeout() })
    const attempt = open({ result, error })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
  })
}

/** Out of descriptors, local ports, buffers or memory: ours, never the backend's. */
export function isOurFault(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error)) return false
  if (isLocalFault((error as NodeJS.ErrnoException).code ?? '')) return true
  return error instanceof AggregateError && error.errors.some(isOurFault)
}

/** What to tell people of an error: never empty. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Node's error for a name whose addresses have all failed has no message of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorText).join('; ')
  return error.message === '' ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message
}
