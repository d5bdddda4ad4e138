import * as z from 'zod'
import { quote } from './invalid-value.ts'

/** An array; `message` is for what is none, and gets it quoted. */
export function list<Out, In>(
  item: z.ZodType<Out, In>,
  message: (shown: string) => string,
): z.ZodType<readonly Out[], readonly In[]> {
  return z.array(item, { error: ({ input }) => message(quote(input)) }).readonly()
}
