/** Most bytes of a body that are read. */
export const MAX_BODY_BYTES = 64 * 1024

/** Looks for a text in the first {@link MAX_BODY_BYTES} of a body, without keeping the body. */
export class BodySearch {
  /** The text was found, or none is asked for. */
  isSatisfied: boolean
  readonly #wanted: Buffer | undefined
  #tail = Buffer.alloc(0)
  #left = MAX_BODY_BYTES

  constructor(text: string | undefined) {
    this.#wanted = text === undefined ? undefined : Buffer.from(text)
    this.isSatisfied = text === undefined
  }

  /** The rest of the body no longer matters. */
  get isOver(): boolean {
    return this.#left === 0 || (this.#wanted !== undefined && this.isSatisfied)
  }

  read(part: Buffer): void {
    if (this.isOver) return
    const bytes = part.subarray(0, this.#left)
    this.#left -= bytes.length
    if (this.#wanted === undefined) return
    const seen = Buffer.concat([this.#tail, bytes])
    this.isSatisfied = seen.includes(this.#wanted)
    // The text may begin in this part and end in the next one.
    this.#tail = seen.subarray(Math.max(0, seen.length - this.#wanted.length + 1))
  }
}
