import type { ConfigProblem } from '../core/errors.ts'
import { InvalidValueError } from './invalid-value.ts'

/** Collects what is wrong with a configuration, so that all of it can be told at once. */
export class Problems {
  readonly list: ConfigProblem[] = []

  get any(): boolean {
    return this.list.length > 0
  }

  add(...problems: readonly ConfigProblem[]): void {
    this.list.push(...problems)
  }

  /** Runs `read`; what is invalid becomes a problem at `path`, and the result undefined. */
  attempt<T>(path: string, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error
      this.list.push({ path, message: error.message })
      return undefined
    }
  }
}
