import { InvalidValueError } from '../../config/invalid-value.ts'
import { parseDuration } from '../../config/parse-duration.ts'

/** One parameter of a query: how it is documented, and how its text is read. */
export interface Parameter<T> {
  readonly description: string
  /** As JSON Schema. */
  readonly schema: Readonly<Record<string, unknown>>
  /** May stand more than once; `read` sees each. */
  readonly repeated?: true
  /** @throws {InvalidValueError} */
  read(text: string): T
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** What `read` gave, by name; absent where the query has none. */
export type Values<P extends Parameters> = {
  readonly [K in keyof P]?: P[K] extends { readonly repeated: true }
    ? readonly ReturnType<P[K]['read']>[]
    : ReturnType<P[K]['read']>
}

export function text(description: string, schema: Readonly<Record<string, unknown>> = {}): Parameter<string> {
  return { description, schema: { type: 'string', ...schema }, read: (given) => given }
}

export function repeatedText(description: string): Parameter<string> & { readonly repeated: true } {
  return { ...text(description), repeated: true }
}

export function whole(
  description: string,
  { least, most }: { readonly least: number; readonly most: number },
): Parameter<number> {
  return {
    description,
    schema: { type: 'integer', minimum: least, maximum: most },
    read(given) {
      const value = /^\d{1,16}$/.test(given) ? Number(given) : NaN
      if (value >= least && value <= most) return value
      throw new InvalidValueError(`must be a whole number from ${least} to ${most}`)
    },
  }
}

/** `?close`, `?close=true` and `?close=1` are the same. */
export function flag(description: string): Parameter<boolean> {
  return {
    description,
    schema: { enum: ['', 'true', '1', 'false', '0'] },
    read(given) {
      if (given === '' || given === 'true' || given === '1') return true
      if (given === 'false' || given === '0') return false
      throw new InvalidValueError('must be true or false')
    },
  }
}

/** In ms, written as everywhere: `30s`. */
export function duration(description: string, { mostMs }: { readonly mostMs: number }): Parameter<number> {
  return {
    description,
    schema: { type: 'string', examples: ['30s', '1m30s'] },
    read(given) {
      const ms = parseDuration(given)
      if (ms <= mostMs) return ms
      throw new InvalidValueError(`must be at most ${mostMs / 1_000} s`)
    },
  }
}

export function listOf<const T extends string>(
  description: string,
  choices: readonly T[],
): Parameter<readonly T[]> {
  return {
    description,
    schema: { type: 'string', examples: [choices.slice(0, 2).join(',')] },
    read(given) {
      const asked = given.split(',').filter((part) => part !== '')
      const known = asked.filter((part): part is T => (choices as readonly string[]).includes(part))
      if (known.length === asked.length) return known
      throw new InvalidValueError(`must be out of ${choices.join(', ')}, with commas between`)
    },
  }
}
