import type { Steps } from '../../core/steps.ts'
import { jsonOf } from './pieces.ts'
import type { JsonAnswer, LongAnswer } from './route.ts'

/**
 * JSON with the version of the commanded state as its ETag, for `If-Match`. Counters change under the same tag, so
 * nothing is ever answered with 304.
 */
export function taggedJson(version: number, json: unknown, status = 200): JsonAnswer {
  return { status, json, headers: { ETag: `"${version}"` } }
}

/** The same for what is long. `steps` is called when it is written. */
export function taggedSteps(version: number, steps: () => Steps<unknown>): LongAnswer {
  return { pieces: () => jsonOf(steps()), headers: { ETag: `"${version}"` } }
}
