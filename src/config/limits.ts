/** `setTimeout` fires at once beyond this many milliseconds (2^31 - 1, almost 25 days). */
export const MOST_MS = 2_147_483_647

/** More than one process can hold; a larger number is a slip of the finger. */
export const MOST_CONNECTIONS = 1_000_000
