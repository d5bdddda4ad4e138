import type { EndCode } from './events.ts'
import { StatusCounts } from './status-counts.ts'

/** How the HTTP requests of a listener ended, those that we answered ourselves included. */
export class RequestEnds {
  readonly codes = new Map<EndCode, number>()
  /** What clients were answered; without an answer: those that were cut, or whose client had gone. */
  readonly answers = new StatusCounts()

  /** @param status 0 where no answer went out. */
  add(code: EndCode, status: number): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
    this.answers.add(status)
  }

  reset(): void {
    this.codes.clear()
    this.answers.reset()
  }
}
