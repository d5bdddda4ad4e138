import { quote } from './invalid-value.ts'
import { type Zod, z } from './zod.ts'

/** An array; `message` is for what is none, and gets it quoted. */
export function list<Out, In>(
  item: Zod.ZodType<Out, In>,
  message: (shown: string) => string,
): Zod.ZodType<readonly Out[], readonly In[]> {
  return z.array(item, { error: ({ input }) => message(quote(input)) }).readonly()
}
