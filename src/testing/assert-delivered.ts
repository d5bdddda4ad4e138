import { AssertionError } from 'node:assert'
import { FixtureServer } from './fixture-server.ts'
import { HttpBackend } from './http-backend.ts'
import type { UnfinishedRequest } from './http-backend.ts'

/**
 * That a message reached one of these fixtures whole, once, and no other. `id` is any text that stands in it alone: in
 * the URL, a field or the body of a request (their first 64 KiB), or in the first 64 KiB that came over a connection. A
 * request that holds it and whose body has not come whole is none, and one too many: who sends it again sends it twice.
 *
 * @throws {AssertionError} which says who got it, and how often.
 * @throws {RangeError} where that cannot be told any more: fixtures remember the latest 1,000.
 */
export function assertDeliveredOnce(backends: FixtureServer | readonly FixtureServer[], id: string): void {
  assertDelivered(backends, id, 1)
}

/** The same for so many times, 0 included. */
export function assertDelivered(
  backends: FixtureServer | readonly FixtureServer[],
  id: string,
  times: number,
): void {
  if (id === '') throw new RangeError('an empty text stands in every message')
  const all = backends instanceof FixtureServer ? [backends] : backends
  const actual = all.map((backend) => deliveries(backend, id))
  const whole = sum(actual.map((found) => found.whole))
  const inPart = sum(actual.map((found) => found.inPart))
  // What was forgotten could only make more of too many.
  if (whole <= times && inPart === 0) refuseHalfAMemory(all)
  if (whole === times && inPart === 0) return
  const who = all.flatMap((backend, i) => told(backend, actual[i] as Deliveries))
  const parts = inPart === 0 ? '' : ` and ${inPart} times in part`
  throw new AssertionError({
    message: `expected ${JSON.stringify(id)} to be delivered ${times} times, but it was ${whole} times${parts}: ${who.join(', ') || 'nobody got it'}`,
    actual: inPart === 0 ? whole : `${whole}${parts}`,
    expected: times,
    operator: 'strictEqual',
    stackStartFn: assertDelivered,
  })
}

interface Deliveries {
  readonly whole: number
  /** Their body is on its way, or was cut. Of what comes over a connection, nobody knows where it ends. */
  readonly inPart: number
}

function deliveries(backend: FixtureServer, id: string): Deliveries {
  if (backend instanceof HttpBackend) {
    const { requests, unfinished } = backend
    const holding = (request: UnfinishedRequest): boolean => holds(request, id)
    return { whole: requests.filter(holding).length, inPart: unfinished.filter(holding).length }
  }
  return { whole: sum(backend.sessions.map(({ received }) => occurrences(received, id))), inPart: 0 }
}

/** It may have been among those that nobody remembers. */
function refuseHalfAMemory(backends: readonly FixtureServer[]): void {
  for (const backend of backends) {
    const isHttp = backend instanceof HttpBackend
    const forgotten = isHttp ? backend.forgottenRequests : backend.forgottenSessions
    if (forgotten === 0) continue
    const what = isHttp ? 'requests' : 'connections'
    throw new RangeError(
      `${backend.id ?? backend.url} has forgotten its first ${forgotten} ${what}: judge sooner, or by another fixture`,
    )
  }
}

function told(backend: FixtureServer, { whole, inPart }: Deliveries): string[] {
  const name = backend.id ?? backend.url
  return [
    ...(whole === 0 ? [] : [`${name} ${whole}`]),
    ...(inPart === 0 ? [] : [`${name} ${inPart} in part`]),
  ]
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

/** A request holds it or not; that it stands in two of its fields does not make it two requests. */
function holds({ url, headers, body }: UnfinishedRequest, id: string): boolean {
  return url.includes(id) || headers.some(([, value]) => value.includes(id)) || body.includes(id)
}

function occurrences(bytes: Buffer, id: string): number {
  let count = 0
  for (let at = bytes.indexOf(id); at !== -1; at = bytes.indexOf(id, at + id.length)) count++
  return count
}
