/** So much of a frame may be ours: the rest is for layout, paint and whoever types. */
const BUDGET_MS = 8

/**
 * Does many small jobs, some in each frame, so that no task is long however many there are. In a hidden tab there are
 * no frames, so nothing is drawn that nobody sees.
 */
export class WorkQueue {
  #jobs: Iterator<() => void> | undefined
  #isScheduled = false

  /** What is left of the jobs before is dropped: newer ones tell the same with newer figures. */
  replace(jobs: Iterable<() => void>): void {
    this.#jobs = jobs[Symbol.iterator]()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    requestAnimationFrame(() => {
      this.#isScheduled = false
      this.#work()
    })
  }

  #work(): void {
    const until = performance.now() + BUDGET_MS
    while (this.#jobs !== undefined) {
      const next = this.#jobs.next()
      if (next.done === true) this.#jobs = undefined
      else next.value()
      if (performance.now() > until) break
    }
    if (this.#jobs !== undefined) this.#schedule()
  }
}
