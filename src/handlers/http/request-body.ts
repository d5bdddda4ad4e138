import { LEAST_CHUNK_COST } from '../least-chunk-cost.ts'

/** A body is kept for a replay, or for a backend that is not there yet, up to here. */
export const MOST_KEPT_BYTES = 64 * 1024

/** What has come of a request's body: kept while there is no backend yet, and while a replay may need it. */
export class RequestBody {
  /** All that came is still here. */
  isWhole = true
  #parts: Buffer[] = []
  #length = 0
  /** The same with what small parts cost beside their bytes. */
  #cost = 0
  readonly #isReplayable: boolean

  constructor(options: { isReplayable: boolean }) {
    this.#isReplayable = options.isReplayable
  }

  get isFull(): boolean {
    return this.#cost >= MOST_KEPT_BYTES
  }

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** Keeps a copy of a part until there is a backend. */
  hold(part: Buffer): void {
    this.#parts.push(Buffer.from(part))
    this.#length += part.length
    this.#cost += Math.max(part.length, LEAST_CHUNK_COST)
  }

  /** A part goes to the backend; a copy is kept while a replay may need it. */
  passed(part: Buffer): void {
    if (!this.isWhole) return
    if (this.#isReplayable && this.#cost + part.length <= MOST_KEPT_BYTES) this.hold(part)
    else this.#forget()
  }

  /** Everything kept, behind `head`, to be written at once. */
  after(head: string): Buffer[] {
    return [Buffer.from(head, 'latin1'), ...this.#parts]
  }

  /** What was held has gone to a backend. */
  sent(): void {
    if (this.#length > 0 && (!this.#isReplayable || this.#length > MOST_KEPT_BYTES)) this.#forget()
  }

  #forget(): void {
    this.isWhole = false
    this.#parts = []
    this.#length = 0
    this.#cost = 0
  }
}
