/** Answers by the hundreds of their status: ten numbers, whatever is answered. */
export class StatusCounts {
  /** By hundreds; index 0 counts what had no answer at all. */
  readonly counts = new Float64Array(10)

  /** @param status 0 (no answer) to 999. */
  add(status: number): void {
    const hundreds = Math.trunc(status / 100)
    this.counts[hundreds] = (this.counts[hundreds] as number) + 1
  }

  reset(): void {
    this.counts.fill(0)
  }

  /** By class, `{ '2xx': 41 }`; classes without any are absent, and so is what had no answer. */
  toRecord(): Record<string, number> {
    const record: Record<string, number> = {}
    this.counts.forEach((count, hundreds) => {
      if (hundreds > 0 && count > 0) record[`${hundreds}xx`] = count
    })
    return record
  }
}
