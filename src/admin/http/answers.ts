import type { JsonAnswer } from './route.ts'

/**
 * JSON with the version of the commanded state as its ETag, for `If-Match`. Counters change under the same tag, so
 * nothing is ever answered with 304.
 */
export function taggedJson(version: number, json: unknown, status = 200): JsonAnswer {
  return { status, json, headers: { ETag: `"${version}"` } }
}
