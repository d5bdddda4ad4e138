import pRetry from 'p-retry'
import type { Backend } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import { wait } from '../core/clock.ts'
import type { Events, FailedAttempt } from '../core/events.ts'
import type { Session, SessionOutcome } from '../net/session.ts'
import type { Pool } from '../pool/pool.ts'
import { AttemptError } from './attempt-error.ts'

/** Backoff once every backend was tried: the first, and the longest. */
const FIRST_BACKOFF_MS = 50
const MOST_BACKOFF_MS = 1_000

/** What is tried again. */
export interface Retryable {
  readonly session: Session
  readonly options: {
    readonly pool: Pool
    readonly clock: Clock
    readonly random: () => number
    readonly events: Events
    readonly retries: number
  }
  /** Failed attempts so far, the first included. */
  readonly tried: readonly FailedAttempt[]
  /** Of the last of them: another backend may have its id by now. */
  readonly lastFailed: Backend | undefined
  /** One more attempt, on a backend outside `skip`. Rejects with an `AttemptError`. */
  connectAgain(skip: ReadonlySet<Backend>): Promise<void>
}

/**
 * The attempts after the first: each on a backend not tried yet, at once; when all were
 * tried, on all of them again after a backoff. Nothing of the client's has been forwarded yet, so this is safe.
 *
 * Resolves to undefined once connected (or after an abort, when nobody wants to know), else to the outcome.
 */
export async function retryConnect(
  connector: Retryable,
  { signal }: { signal: AbortSignal },
): Promise<SessionOutcome | undefined> {
  const { pool, clock, random, events, retries } = connector.options
  const skip = new Set<Backend>()
  let backoffMs = FIRST_BACKOFF_MS

  const beforeNext = async (): Promise<void> => {
    const last = connector.tried.at(-1)
    if (signal.aborted || last === undefined) return
    pool.retries++
    events.emit('connect:retry', {
      session: connector.session.id,
      pool: pool.name,
      id: last.backend,
      reason: last.reason,
      attempt: connector.tried.length,
    })
    if (connector.lastFailed !== undefined) skip.add(connector.lastFailed)
    if (pool.hasEligible(skip) || pool.eligible.length === 0) return
    skip.clear()
    // Jittered over its upper half, so that sessions that failed together do not come back together.
    await wait(clock, backoffMs * (0.5 + random() / 2), signal)
    backoffMs = Math.min(backoffMs * 2, MOST_BACKOFF_MS)
  }

  try {
    await beforeNext()
    await pRetry(() => connector.connectAgain(skip), {
      retries: retries - 1,
      minTimeout: 0,
      signal,
      shouldRetry: ({ error }) => error instanceof AttemptError && !error.isFinal,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        const mayGoOn = error instanceof AttemptError && !error.isFinal && retriesLeft > 0
        if (mayGoOn) await beforeNext()
      },
    })
    return undefined
  } catch (error) {
    if (signal.aborted) return undefined
    if (error instanceof AttemptError) return error.outcome
    throw error
  }
}
