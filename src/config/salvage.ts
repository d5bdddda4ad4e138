import type * as z from 'zod'
import { type Finding, findingsOf } from './issues.ts'
import { formatPlace, isWithin, type Place, type PlacedProblem } from './place.ts'

export interface Salvaged<Out> {
  /** What could be read; undefined where nothing could. */
  readonly value: Out | undefined
  /** What is wrong with the rest. */
  readonly problems: readonly PlacedProblem[]
  /** Where something was left out: what follows from its absence is no problem of its own. */
  readonly gaps: readonly Place[]
  /** The place in what was given, of a place in `value`: entries of lists move up when others are left out. */
  readonly original: (place: Place) => Place
}

/**
 * Parses, and where that fails, parses again without what is wrong, so that what can only be found out of the whole
 * is told at once with the rest.
 */
export function salvage<Out>(
  schema: z.ZodType<Out>,
  given: unknown,
  options: z.core.ParseContext<z.core.$ZodIssue> & {
    /** What is known to be wrong already, and has its problem. */
    readonly known?: readonly Place[]
  } = {},
): Salvaged<Out> {
  const { known = [], ...context } = options
  const gaps: Place[] = [...known]
  const problems: PlacedProblem[] = []
  let rest = without(given, [], gaps)
  for (;;) {
    const parsed = schema.safeParse(rest, context)
    const original = (place: Place): Place => toOriginal(place, gaps)
    if (parsed.success) return { value: parsed.data, problems, gaps, original }
    const findings = findingsOf(parsed.error).map((finding) => inOriginal(finding, original))
    // What is missing only since it was taken out, and what follows from that, has its problem already.
    const isNew = ({ culprit }: Finding): boolean =>
      !gaps.some((gap) => isWithin(culprit, gap) || isWithin(gap, culprit))
    problems.push(...findings.filter(isNew))
    const culprits = new Map(findings.map(({ culprit }) => [formatPlace(culprit), culprit]))
    for (const culprit of culprits.values()) widen(gaps, culprit)
    if (gaps.some((gap) => gap.length === 0)) return { value: undefined, problems, gaps, original }
    rest = without(given, [], gaps)
  }
}

function inOriginal({ place, culprit, message }: Finding, original: (place: Place) => Place): Finding {
  return { place: original(place), culprit: original(culprit), message }
}

/** Adds a gap; one that is there already, and did not help, becomes its parent. */
function widen(gaps: Place[], culprit: Place): void {
  let gap = culprit
  while (gap.length > 0 && gaps.some((known) => known.length === gap.length && isWithin(known, gap))) {
    gap = gap.slice(0, -1)
  }
  gaps.push(gap)
}

function without(value: unknown, place: Place, gaps: readonly Place[]): unknown {
  const inside = gaps.filter((gap) => gap.length > place.length && isWithin(gap, place))
  if (inside.length === 0 || typeof value !== 'object' || value === null) return value
  const isGone = (step: string | number): boolean =>
    inside.some((gap) => gap.length === place.length + 1 && gap.at(-1) === step)
  if (Array.isArray(value)) {
    return (value as unknown[]).flatMap((item, i) => (isGone(i) ? [] : [without(item, [...place, i], gaps)]))
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !isGone(key))
      .map(([key, item]) => [key, without(item, [...place, key], gaps)]),
  )
}

function toOriginal(place: Place, gaps: readonly Place[]): Place {
  const original: (string | number)[] = []
  for (const step of place)
    original.push(typeof step === 'number' ? originalIndex(step, original, gaps) : step)
  return original
}

function originalIndex(index: number, list: Place, gaps: readonly Place[]): number {
  const gone = gaps
    .filter((gap) => gap.length === list.length + 1 && isWithin(gap, list))
    .map((gap) => gap.at(-1) as number)
    .toSorted((a, b) => a - b)
  let at = index
  for (const missing of new Set(gone)) if (missing <= at) at++
  return at
}
