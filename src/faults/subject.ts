import type { Session } from '../net/session.ts'
import type { FaultScope } from './fault-spec.ts'

/** What a fault may strike: one connection, or one connect. */
export interface Subject {
  readonly side: 'client' | 'backend'
  /** Where a client's connection was accepted; a backend's has that of its session. */
  readonly listener: string | undefined
  readonly pool: string | undefined
  readonly backend: string | undefined
  /** For whom, once that is known. */
  readonly session: Session | undefined
  /** Tells subjects apart in a way that is the same in each run. */
  readonly key: number
}

/** Whether `subject` is within `scope`. */
export function isWithin(scope: FaultScope, subject: Subject): boolean {
  const { session } = subject
  return (
    (scope.pool === undefined || scope.pool === subject.pool) &&
    (scope.backend === undefined || isNamed(scope.backend, subject)) &&
    (scope.listener === undefined || scope.listener === subject.listener) &&
    (scope.session === undefined || scope.session === session?.id) &&
    (scope.client === undefined || scope.client === session?.address) &&
    (scope.match === undefined || isMatched(scope.match, subject))
  )
}

/** What a scope says, in words. */
export function describeScope(scope: FaultScope): string {
  const parts = [
    scope.pool === undefined ? [] : `pool ${scope.pool}`,
    scope.backend === undefined ? [] : `backend ${scope.backend}`,
    scope.listener === undefined ? [] : `listener ${scope.listener}`,
    scope.client === undefined ? [] : `client ${scope.client}`,
    scope.session === undefined ? [] : `session ${scope.session}`,
    scope.match === undefined ? [] : 'matching sessions',
  ].flat()
  return parts.length === 0 ? 'everywhere' : parts.join(', ')
}

function isNamed(name: string, { pool, backend }: Subject): boolean {
  return name === backend || name === `${pool}/${backend}`
}

function isMatched(match: NonNullable<FaultScope['match']>, { session, listener }: Subject): boolean {
  if (session === undefined) return false
  return match({ session: session.id, client: session.address, listener: listener ?? '' })
}
