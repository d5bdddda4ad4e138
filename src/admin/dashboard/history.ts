/** What the charts show of one second. */
export interface Moment {
  /** Wall-clock ms. */
  readonly at: number
  readonly rate: number
  readonly errors: number
  readonly active: number
  readonly queued: number
  readonly p50: number | undefined
  readonly p99: number | undefined
}

/** Fifteen minutes, a sample a second. */
export const HISTORY_MS = 900_000
/** Longer than that between two moments, and the line has a gap. */
const GAP_MS = 3_500

type Value = number | null | undefined
type Field = Exclude<keyof Moment, 'at'>

/** The moments of the last quarter of an hour, in columns as charts want them. */
export class History {
  readonly #at: number[] = []
  readonly #columns: Readonly<Record<Field, Value[]>> = {
    rate: [],
    errors: [],
    active: [],
    queued: [],
    p50: [],
    p99: [],
  }

  get length(): number {
    return this.#at.length
  }

  add(moment: Moment): void {
    // A clock that was put back: a chart's times only grow.
    while ((this.#at.at(-1) ?? 0) * 1_000 >= moment.at) this.#pop()
    const last = this.#at.at(-1)
    if (last !== undefined && moment.at - last * 1_000 > GAP_MS) this.#push(last * 1_000 + 1_000, () => null)
    // Nothing counted, nothing known: the line goes on to the next point.
    this.#push(moment.at, (field) => moment[field])
    while ((this.#at[0] as number) * 1_000 < moment.at - HISTORY_MS) this.#shift()
  }

  /** Seconds since 1970. */
  get times(): readonly number[] {
    return this.#at
  }

  column(field: Field): readonly Value[] {
    return this.#columns[field]
  }

  #push(at: number, valueOf: (field: Field) => Value): void {
    this.#at.push(at / 1_000)
    for (const field of FIELDS) this.#columns[field].push(valueOf(field))
  }

  #pop(): void {
    this.#at.pop()
    for (const field of FIELDS) this.#columns[field].pop()
  }

  #shift(): void {
    this.#at.shift()
    for (const field of FIELDS) this.#columns[field].shift()
  }
}

const FIELDS: readonly Field[] = ['rate', 'errors', 'active', 'queued', 'p50', 'p99']
