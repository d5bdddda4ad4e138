import { FairleadError } from '../core/errors.ts'
import type { SessionOutcome } from '../net/session.ts'

/** A connect attempt came to nothing; `outcome` is how the session ends if it was the last. */
export class AttemptError extends FairleadError {
  readonly outcome: SessionOutcome
  /** Another attempt would do no better. */
  readonly isFinal: boolean

  constructor(outcome: SessionOutcome, options: { isFinal: boolean }) {
    super('FAIRLEAD_CONNECT', outcome.reason)
    this.outcome = outcome
    this.isFinal = options.isFinal
  }
}
