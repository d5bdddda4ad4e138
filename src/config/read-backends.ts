import type { BackendSpec } from '../core/backend.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { backendSchema, specOf } from './backend-schema.ts'
import { duplicateBackends } from './duplicate-backends.ts'
import { findingsOf } from './issues.ts'
import { formatPlace } from './place.ts'
import type { Problems } from './problems.ts'

export interface BackendContext {
  /** Where `input` stands, for problems. */
  readonly path: string
  readonly backup: boolean
  readonly maxConnections: number
  readonly problems: Problems
}

export interface ReadBackend {
  readonly spec: BackendSpec
  /** Given as `http://` or `https://`. */
  readonly isHttp: boolean
  /** Where it stands, for problems. */
  readonly path: string
}

/** Reads one entry of a list of backends; a text may hold several. What is wrong goes to `problems`. */
export function readBackends(input: unknown, context: BackendContext): ReadBackend[] {
  const parsed = backendSchema.safeParse(input)
  if (parsed.success) {
    return parsed.data.map((entry) => ({
      spec: specOf(entry, context),
      isHttp: entry.isHttp,
      path: context.path,
    }))
  }
  const problems = findingsOf(parsed.error).map(({ place, message }) => ({
    path: formatPlace([context.path, ...place]),
    message,
  }))
  context.problems.add(...problems)
  return []
}

/** Problems with backends that are there twice. */
export function duplicateProblems(placed: readonly Pick<ReadBackend, 'spec' | 'path'>[]): ConfigProblem[] {
  return duplicateBackends(placed).map(({ item, message }) => ({ path: item.path, message }))
}
