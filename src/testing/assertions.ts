import { AssertionError } from 'node:assert'
import type { Balancer } from '../control/balancer.ts'
import type { EndCode, FailedAttempt, RequestEnd, SessionEnd } from '../core/events.ts'

/** A session or a request that is over, as `session:close` and `request:end` tell of it. */
export type Ended = SessionEnd | RequestEnd

/**
 * How many sessions (in HTTP mode: requests) each backend has served, by id; one that is not named served none. Those
 * that are still open count too. Needs the option `history`, which `testBalancer` sets.
 *
 * @param options.within how far each may be off; default 0.
 * @throws {AssertionError}
 */
export function assertDistribution(
  balancer: Balancer,
  expected: Readonly<Record<string, number>>,
  { within = 0 }: { readonly within?: number } = {},
): void {
  const actual: Record<string, number> = {}
  for (const id of Object.keys(expected)) actual[id] = 0
  for (const id of servers(balancer)) actual[id] = (actual[id] ?? 0) + 1
  const isClose = Object.entries(actual).every(
    ([id, count]) => Math.abs(count - (expected[id] ?? 0)) <= within,
  )
  if (isClose) return
  const tolerance = within === 0 ? '' : ` within ${within}`
  fail(`expected ${counts(expected)}${tolerance}, but it was ${counts(actual)}`, {
    balancer,
    actual,
    expected,
  })
}

/**
 * Which backends a session or request was tried at, in order; the last is the one that served it, if any did.
 *
 * @throws {AssertionError} which says why each attempt failed.
 */
export function assertTried(ended: Ended, expected: readonly string[]): void {
  const actual = [
    ...ended.tried.map(({ backend }) => backend),
    ...(ended.backend === undefined ? [] : [ended.backend]),
  ]
  if (actual.join('\n') === [...expected].join('\n')) return
  const served = ended.backend === undefined ? 'nobody served it' : `${ended.backend} served it`
  const failures = ended.tried.map(({ backend, reason }: FailedAttempt) => `${backend} failed (${reason}), `)
  fail(`expected attempts at ${list(expected)}, but ${failures.join('')}${served}`, { actual, expected })
}

/**
 * How sessions (in HTTP mode: requests) ended, by two-letter code: all of them, and no others. Needs the option
 * `history`, which `testBalancer` sets.
 *
 * @throws {AssertionError}
 */
export function assertEndCodes(
  balancer: Balancer,
  expected: Readonly<Partial<Record<EndCode, number>>>,
): void {
  const actual: Partial<Record<EndCode, number>> = {}
  for (const { code } of ends(balancer)) actual[code] = (actual[code] ?? 0) + 1
  const codes = new Set([...Object.keys(expected), ...Object.keys(actual)]) as Set<EndCode>
  if ([...codes].every((code) => (actual[code] ?? 0) === (expected[code] ?? 0))) return
  fail(`expected ends ${counts(expected)}, but they were ${counts(actual)}`, { balancer, actual, expected })
}

/** Sessions that are over, or in HTTP mode requests, as long as they are remembered. */
function ends(balancer: Balancer): Ended[] {
  const past = balancer.history()
  if ((past[0]?.id ?? 1) > 1) {
    throw new RangeError(
      `the history has forgotten the first ${(past[0]?.id ?? 1) - 1} events: raise its most`,
    )
  }
  const name = isHttp(balancer) ? 'request:end' : 'session:close'
  return past.filter((event) => event.name === name).map(({ data }) => data as Ended)
}

function servers(balancer: Balancer): string[] {
  // An HTTP session between two requests has no backend.
  const open = balancer.sessions({ most: Infinity })
  return [...ends(balancer), ...open].flatMap(({ backend }) => backend ?? [])
}

function isHttp(balancer: Balancer): boolean {
  return balancer.config.listeners.some(({ http }) => http !== undefined)
}

function counts(of: Readonly<Record<string, number | undefined>>): string {
  const entries = Object.entries(of).map(([name, count]) => `${name} ${count}`)
  return entries.length === 0 ? 'none' : entries.join(', ')
}

function list(ids: readonly string[]): string {
  return ids.length === 0 ? 'nobody' : ids.join(', ')
}

function fail(
  message: string,
  facts: { readonly balancer?: Balancer; readonly actual: unknown; readonly expected: unknown },
): never {
  const { balancer, actual, expected } = facts
  throw new AssertionError({
    message: balancer === undefined ? message : `${message}\n${balancer.describe()}`,
    actual,
    expected,
    operator: 'deepStrictEqual',
    stackStartFn: fail,
  })
}
