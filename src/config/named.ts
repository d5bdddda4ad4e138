import * as z from 'zod'
import { quote } from './invalid-value.ts'

/** Things by name: `{ web: ..., db: ... }`. */
export function named<Out, In>(
  item: z.ZodType<Out, In>,
  words: {
    /** `a pool` */
    readonly what: string
    /** `{ api: { backends: [3001] } }` */
    readonly example: string
    /** A name that means something else, and what. */
    readonly taken?: Readonly<Record<string, string>>
  },
): z.ZodType<Readonly<Record<string, Out>>, Readonly<Record<string, In>>> {
  const { what, example, taken = {} } = words
  const name = z.string().regex(NAME, { error: ({ input }) => nameMessage(input, what) })
  const allowed =
    Object.keys(taken).length === 0
      ? name
      : name.refine((text) => !Object.hasOwn(taken, text), {
          error: ({ input }) => taken[input as string] as string,
        })
  return z
    .record(allowed, item, {
      error: ({ input }) =>
        input === undefined
          ? `is missing: give an object such as ${example}`
          : `must be an object such as ${example}, not ${quote(input)}`,
    })
    .readonly()
}

// Objects have a use of their own for `__proto__`, and some readers of files too.
const NAME = /^(?!__proto__$|\.{1,2}$)[A-Za-z0-9._-]{1,64}$/

/** What to say of a name that is none. */
export function nameMessage(name: unknown, what: string): string {
  return `${quote(name)} cannot name ${what}: use letters, digits and . _ -, at most 64`
}

/** Whether a pool or a listener may be called so. */
export function isName(text: string): boolean {
  return NAME.test(text)
}
