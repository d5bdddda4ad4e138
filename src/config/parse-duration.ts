import { InvalidValueError, quote } from './invalid-value.ts'

/**
 * Reads a duration as people write it, in milliseconds: `250ms`, `2s`, `1.5s`, `1m30s`, `1h`, `0`. Units stand
 * from the largest to the smallest. A bare number is refused, because nobody can tell whether `500` means
 * milliseconds or seconds; only `0` needs no unit.
 *
 * @throws {InvalidValueError}
 */
export function parseDuration(text: string): number {
  const trimmed = text.trim()
  if (/^0+$/.test(trimmed)) return 0
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    throw new InvalidValueError(`${quote(text)} has no unit: write ${trimmed}ms or ${trimmed}s`)
  }
  if (!DURATION.test(trimmed)) {
    throw new InvalidValueError(`${quote(text)} is not a duration: write 250ms, 2s, 1m30s or 1h`)
  }
  let ms = 0
  for (const [, amount, unit] of trimmed.matchAll(PART)) {
    ms += Number(amount) * (MS_PER_UNIT[unit as string] as number)
  }
  if (ms > 0 && ms < 0.5)
    throw new InvalidValueError(`${quote(text)} is less than a millisecond: write 1ms or more`)
  return Math.round(ms)
}

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
}
const DURATION = /^(?=\d)(\d+(\.\d+)?h)?(\d+(\.\d+)?m(?!s))?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?$/
const PART = /(\d+(?:\.\d+)?)(ms|[hms])/g
