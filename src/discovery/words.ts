const MOST_LISTED = 5

/** Problems in one line that stays a line, however many there are. */
export function listed(problems: readonly string[]): string {
  const more = problems.length - MOST_LISTED
  return [...problems.slice(0, MOST_LISTED), ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

/** Refuses an answer. */
export function tooMany(count: number, most: number): Error {
  return new Error(`${count} backends are more than the ${most} that are allowed`)
}
