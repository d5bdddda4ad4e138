export interface VerdictOptions {
  /** Successes in a row that bring a backend up; at least 1. */
  readonly rise: number
  /** Failures in a row that take it down; at least 1. */
  readonly fall: number
  /** What is believed before the first result. */
  readonly initial: 'up' | 'down'
}

/**
 * The rise and fall machine of one backend: results of checks in, changes of its state out. Pure; it has one
 * counter, of the results in a row that speak against the present state. A result that agrees with the state
 * sets it to zero, so fail, ok, fail, ok, ... never takes a backend down.
 *
 * `initial: 'up'` is a guess that nothing supports yet: the very first result takes the backend down at once if
 * it is a failure. `initial: 'down'` needs `rise` successes like any other recovery.
 */
export class Verdict {
  readonly rise: number
  readonly fall: number
  #up: boolean
  #against = 0
  #hasResult = false
  #decidedBy = 0

  constructor(options: VerdictOptions) {
    this.rise = options.rise
    this.fall = options.fall
    this.#up = options.initial === 'up'
  }

  get isUp(): boolean {
    return this.#up
  }

  /** Some results speak against the present state, but not enough yet to change it. */
  get isInTransition(): boolean {
    return this.#against > 0
  }

  /** How many results in a row made the last change. */
  get decidedBy(): number {
    return this.#decidedBy
  }

  /** Takes the next result; tells the new state if it changed with it, `undefined` if not. */
  record(result: 'success' | 'failure'): 'up' | 'down' | undefined {
    const isFirst = !this.#hasResult
    this.#hasResult = true
    if ((result === 'success') === this.#up) {
      this.#against = 0
      return undefined
    }
    this.#against++
    const enough = this.#up ? this.fall : this.rise
    const guessWasWrong = isFirst && this.#up
    if (this.#against < enough && !guessWasWrong) return undefined
    this.#up = !this.#up
    this.#decidedBy = this.#against
    this.#against = 0
    return this.#up ? 'up' : 'down'
  }
}
