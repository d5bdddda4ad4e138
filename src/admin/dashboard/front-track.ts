import type { ListenerSnapshot } from '../../core/snapshot.ts'
import type { Status } from '../status.ts'

/** What clients saw within a span of time: also what fairlead answered itself, for want of a backend. */
export interface Front {
  /** Requests of HTTP listeners, sessions of TCP ones. */
  readonly handled: number
  readonly errors: number
}

const NONE: Front = { handled: 0, errors: 0 }

/** Sees at the listeners what no backend counts: of a pool whose backends are all down, the backends say nothing. */
export class FrontTrack {
  #before: Front | undefined

  /** What came since the snapshot before. */
  add({ listeners }: Status): Front {
    const now = listeners.map(frontOf).reduce(plus, NONE)
    const before = this.#before ?? now
    this.#before = now
    // Counters that went back began anew, or a listener has gone.
    if (now.handled < before.handled || now.errors < before.errors) return NONE
    return { handled: now.handled - before.handled, errors: now.errors - before.errors }
  }

  forget(): void {
    this.#before = undefined
  }
}

function frontOf({ mode, requests, accepted, rejected, ends }: ListenerSnapshot): Front {
  if (requests !== undefined) {
    const answered = Object.values(requests.answers).reduce((sum, count) => sum + count, 0)
    return { handled: answered + requests.unanswered, errors: requests.answers['5xx'] ?? 0 }
  }
  if (mode === 'http') return NONE
  const errors = UNSERVED.reduce((sum, code) => sum + (ends[code] ?? 0), 0)
  return { handled: accepted - rejected, errors }
}

function plus(a: Front, b: Front): Front {
  return { handled: a.handled + b.handled, errors: a.errors + b.errors }
}

/** Ended while they waited for a backend or its connection, by no fault of the client's. */
const UNSERVED = ['SC', 'sC', 'SQ', 'sQ', 'RC', 'RQ'] as const
