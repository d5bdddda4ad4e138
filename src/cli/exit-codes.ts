/** Done, or drained. */
export const EXIT_OK = 0
/** Failed at run time, or ended by a second signal with sessions open. */
export const EXIT_FAILED = 1
/** Wrong usage or configuration. */
export const EXIT_USAGE = 2
/** The question was answered, and the answer is no: nobody can serve, nothing was there to reset, it is not idle yet. */
export const EXIT_NO = 3
