/** Work cut into short steps, for whoever lets others have their turn between two. What it gives comes with the last. */
export type Steps<T> = Generator<void, T, void>

/** All of it at once. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
