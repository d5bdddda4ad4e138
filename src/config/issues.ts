import type * as z from 'zod'
import { isWithin, type Place, type PlacedProblem } from './place.ts'

/**
 * The message of a union of which one branch shall explain what is wrong: the one that has no fault with the value as a
 * whole, or else the last.
 */
export const SEE_BRANCH = 'see the branches'

/** Something that a schema found. */
export interface Finding extends PlacedProblem {
  /** What has to go for the rest to be readable. */
  readonly culprit: Place
}

/** zod's issues, in our words and in the order in which people look for them: unknown keys of an object first. */
export function findingsOf(error: z.core.$ZodError): Finding[] {
  const findings: Finding[] = []
  for (const issue of error.issues) {
    const found = explain(issue, [])
    const [first] = found
    const isUnknown = issue.code === 'unrecognized_keys' && first !== undefined
    const at = isUnknown
      ? findings.findIndex(({ culprit }) => isWithin(culprit, issue.path as Place))
      : findings.length
    findings.splice(at === -1 ? findings.length : at, 0, ...found)
  }
  return findings
}

function explain(issue: z.core.$ZodIssue, base: Place): Finding[] {
  const place: Place = [...base, ...(issue.path as Place)]
  if (issue.code === 'unrecognized_keys') {
    const lines = issue.message.split('\n')
    return issue.keys.map((key, i) => {
      const keyPlace = [...place, key]
      return { place: keyPlace, culprit: keyPlace, message: lines[i] as string }
    })
  }
  if (issue.code === 'invalid_key') {
    // A name that is no name makes no good path.
    const message = issue.issues[0]?.message ?? issue.message
    return [{ place: place.slice(0, -1), culprit: place, message }]
  }
  if (issue.code === 'invalid_union' && issue.message === SEE_BRANCH) {
    const meant = meantBranch(issue.errors)
    return unknownKeysFirst(meant).flatMap((inner) => explain(inner, place))
  }
  return [{ place, culprit: place, message: issue.message }]
}

/** The branch that was of the right type, as far as that can be told. */
function meantBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  return (
    branches.find((branch) => !branch.some(isOfTheWhole)) ??
    branches.find((branch) => branch.some(({ code, path }) => code === 'custom' && path.length === 0)) ??
    branches.at(-1) ??
    []
  )
}

function isOfTheWhole({ path, code }: z.core.$ZodIssue): boolean {
  return path.length === 0 && code !== 'unrecognized_keys'
}

function unknownKeysFirst(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return [
    ...issues.filter(({ code }) => code === 'unrecognized_keys'),
    ...issues.filter(({ code }) => code !== 'unrecognized_keys'),
  ]
}
