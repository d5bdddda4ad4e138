/** What the admin side's load prints once all of it is under way. */
export const SIEGE_STANDS = 'the siege stands'

/** Until then. */
export const MOST_SIEGE_MS = 270_000
