import type { Backend } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { FailedAttempt } from '../core/events.ts'
import type { SessionSnapshot } from '../core/snapshot.ts'
import type { Steps } from '../core/steps.ts'
import type { Session } from '../net/session.ts'
import { assertFields, type FieldRule, TEXT } from './assert-fields.ts'
import { BackendName } from './backend-name.ts'
import type { ManagedPool } from './managed-pool.ts'
import type { SessionFilter } from './port.ts'

const MOST_LISTED = 1_000

/** Takes some hundredths of a millisecond to write. */
const SESSIONS_A_STEP = 8

export interface Visit {
  readonly choice: SessionChoice
  readonly clock: Clock
  /** Called for so many at most. Default 1,000. */
  readonly most: number | undefined
  readonly visit: (session: SessionSnapshot) => void
}

/**
 * Shows the open sessions that are chosen, the oldest first, each as it is when its turn has come. What `visit` is
 * given is good for that call: it shows the next session after it.
 */
export function* visitSessions(lists: Iterable<Iterable<Session>>, visit: Visit): Steps<void> {
  const visitor = new Visitor(visit)
  for (const sessions of lists) {
    const each = sessions[Symbol.iterator]()
    while (visitor.visitSome(each)) yield
  }
}

/** A visit under way. Not in the generator itself, where each session would leave an object behind. */
class Visitor {
  readonly #options: Visit
  readonly #view = new SessionView()
  #left: number

  constructor(options: Visit) {
    this.#options = options
    this.#left = options.most ?? MOST_LISTED
  }

  /** Whether there may be more. */
  visitSome(each: Iterator<Session>): boolean {
    const { choice, clock, visit } = this.#options
    for (let i = 0; i < SESSIONS_A_STEP && this.#left > 0; i++) {
      const next = each.next()
      if (next.done === true) return false
      if (!choice.means(next.value)) continue
      this.#view.session = next.value
      this.#view.now = clock.now()
      visit(this.#view)
      this.#left--
    }
    return this.#left > 0
  }
}

const FIELDS: Readonly<Record<keyof SessionFilter, FieldRule>> = {
  listener: TEXT,
  pool: TEXT,
  backend: TEXT,
  client: TEXT,
  most: { wants: 'a number of at least 0', takes: (value) => typeof value === 'number' && value >= 0 },
}

/** Which sessions a filter means. What it leaves out matches any. */
export class SessionChoice {
  readonly #filter: SessionFilter
  readonly #backend: BackendName | undefined

  /** @throws {ConfigError} for a filter that is none */
  constructor(filter: SessionFilter, pools: readonly ManagedPool[]) {
    assertFields(filter, { what: 'a filter of sessions', rules: FIELDS })
    this.#filter = filter
    const { backend } = filter
    this.#backend = backend === undefined ? undefined : new BackendName(backend, pools)
  }

  means({ owner, holder, address }: Session): boolean {
    const { listener, pool, client } = this.#filter
    return (
      (listener === undefined || owner.name === listener) &&
      (pool === undefined || holder?.pool === pool) &&
      (client === undefined || address === client) &&
      this.#meansBackend(holder?.backend)
    )
  }

  #meansBackend(backend: Backend | undefined): boolean {
    if (this.#backend === undefined) return true
    return backend !== undefined && this.#backend.means(backend)
  }
}

/** Plain data of its own. */
export function copySession(session: SessionSnapshot): SessionSnapshot {
  const { id, listener, client, pool, backend, tried, bytesIn, bytesOut, queueMs, connectMs, ageMs } = session
  return { id, listener, client, pool, backend, tried, bytesIn, bytesOut, queueMs, connectMs, ageMs }
}

/** Shows one session after another: ten thousand snapshots would be garbage by the time that they are written. */
class SessionView implements SessionSnapshot {
  session!: Session
  now = 0

  get id(): number {
    return this.session.id
  }

  get listener(): string {
    return this.session.owner.name
  }

  get client(): string {
    return this.session.client
  }

  get pool(): string {
    return this.session.holder?.pool ?? ''
  }

  get backend(): string | undefined {
    return this.session.holder?.backend?.id
  }

  get tried(): readonly FailedAttempt[] {
    return this.session.holder?.tried ?? []
  }

  get bytesIn(): number {
    return this.session.holder?.bytesIn ?? 0
  }

  get bytesOut(): number {
    return this.session.holder?.bytesOut ?? 0
  }

  get queueMs(): number {
    return this.session.holder?.queueMs ?? 0
  }

  get connectMs(): number {
    return this.session.holder?.connectMs ?? 0
  }

  get ageMs(): number {
    return this.now - this.session.startedAt
  }
}
