import { AssertionError } from 'node:assert'
import { FixtureServer } from './fixture-server.ts'
import { HttpBackend } from './http-backend.ts'
import type { ReceivedRequest } from './http-backend.ts'

/**
 * That a message reached one of these fixtures, once, and no other. `id` is any text that stands in it alone: in the
 * URL, a field or the body of a request (their first 64 KiB), or in the first 64 KiB that came over a connection.
 *
 * @throws {AssertionError} which says who got it, and how often.
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
  const sum = actual.reduce((total, count) => total + count, 0)
  if (sum === times) return
  const who = all
    .map((backend, i) => `${backend.id ?? backend.url} ${actual[i]}`)
    .filter((_, i) => actual[i] !== 0)
  throw new AssertionError({
    message: `expected ${JSON.stringify(id)} to be delivered ${times} times, but it was ${sum} times: ${who.join(', ') || 'nobody got it'}`,
    actual: sum,
    expected: times,
    operator: 'strictEqual',
    stackStartFn: assertDelivered,
  })
}

function deliveries(backend: FixtureServer, id: string): number {
  if (backend instanceof HttpBackend) return backend.requests.filter((request) => holds(request, id)).length
  return backend.sessions.reduce((sum, { received }) => sum + occurrences(received, id), 0)
}

/** A request holds it or not; that it stands in two of its fields does not make it two requests. */
function holds({ url, headers, body }: ReceivedRequest, id: string): boolean {
  return url.includes(id) || headers.some(([, value]) => value.includes(id)) || body.includes(id)
}

function occurrences(bytes: Buffer, id: string): number {
  let count = 0
  for (let at = bytes.indexOf(id); at !== -1; at = bytes.indexOf(id, at + id.length)) count++
  return count
}
