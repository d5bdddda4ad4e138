import type { StatusRange } from './schema.ts'
import { InvalidValueError, quote } from './invalid-value.ts'

/**
 * Reads HTTP status codes and inclusive ranges of them: `200`, `200-399`, `200,204,301-302`.
 *
 * @throws {InvalidValueError}
 */
export function parseStatusRanges(text: string): readonly StatusRange[] {
  return text.split(',').map((part) => parseRange(part.trim(), text))
}

/** The text that {@link parseStatusRanges} reads into these ranges. */
export function formatStatusRanges(ranges: readonly StatusRange[]): string {
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

function parseRange(part: string, whole: string): StatusRange {
  const match = /^(\d{3})(?:\s*[-–]\s*(\d{3}))?$/.exec(part)
  if (match === null) {
    throw new InvalidValueError(
      `${quote(whole)} is not a list of HTTP status codes: write 200, 200-399 or 200,204`,
    )
  }
  const from = Number(match[1])
  const to = Number(match[2] ?? match[1])
  if (from < 100 || to > 599) {
    throw new InvalidValueError(`${quote(part)} is outside 100-599, where HTTP status codes lie`)
  }
  if (from > to) {
    throw new InvalidValueError(`${quote(part)} runs backwards: write ${to}-${from}`)
  }
  return { from, to }
}
