import type { Address } from './address.ts'
import type { CheckCode } from './backend.ts'

/** What one health check attempt found. The scheduler measures the duration. */
export interface ProbeResult {
  readonly ok: boolean
  readonly code: CheckCode
  /** The status line, or the error's text. */
  readonly text: string
}

/**
 * One active health check attempt. It must settle soon after `signal` aborts (the scheduler's timeout), must
 * leave no socket behind, and reports a failure as a value; what it throws counts as a failed `L7RSP`, and so does a
 * result that is none.
 */
export type Probe = (address: Address, signal: AbortSignal) => Promise<ProbeResult>
