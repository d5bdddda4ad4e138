import type { EndCode } from '../core/events.ts'
import type { EndCounts } from '../core/snapshot.ts'

// How many series there are follows from the configuration alone, never from the traffic: each of these sets is
// written out whole from the start, zeros included, and what lies outside of a set is counted as `other`.

/** The end codes that sessions and requests have, by who ended them and when. */
export const END_CODES: readonly EndCode[] = [
  '--',
  ...(['CR', 'CQ', 'CC', 'CH', 'CD', 'cR', 'cD'] as const),
  ...(['SQ', 'SC', 'SH', 'SD', 'sQ', 'sC', 'sH', 'sD'] as const),
  ...(['PR', 'LR', 'RQ', 'RC', 'IQ', 'IC', 'ID'] as const),
  ...(['DQ', 'DC', 'DH', 'DD', 'KR', 'KQ', 'KC', 'KH', 'KD'] as const),
]

export const STATUS_CLASSES: readonly string[] = ['1xx', '2xx', '3xx', '4xx', '5xx']

/** Each end code with its count, `other` last. */
export function endCounts(ends: EndCounts): (readonly [string, number])[] {
  return wholeSet(END_CODES, ends)
}

/** Each class of status with its count, `other` last. */
export function statusCounts(answers: Readonly<Record<string, number>>): (readonly [string, number])[] {
  return wholeSet(STATUS_CLASSES, answers)
}

function wholeSet(
  keys: readonly string[],
  counts: Readonly<Record<string, number>>,
): (readonly [string, number])[] {
  let all = 0
  for (const count of Object.values(counts)) all += count
  let listed = 0
  const set = keys.map((key): [string, number] => {
    const count = counts[key] ?? 0
    listed += count
    return [key, count]
  })
  return [...set, ['other', all - listed]]
}
