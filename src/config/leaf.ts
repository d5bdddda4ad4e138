import * as z from 'zod'
import { InvalidValueError } from './invalid-value.ts'

/** What a schema says to a value that it refuses. */
export type ErrorText = (issue: { readonly input?: unknown }) => string

/**
 * A schema whose types and JSON Schema are those of `shape`, and whose values and messages are those of `read`: what is
 * wrong is told in the words of the one who reads.
 *
 * @param shape what may stand there; it must take all that `read` takes.
 * @param read throws {@link InvalidValueError}; gets undefined where something required is missing.
 */
export function leaf<Out, In>(
  shape: (error: ErrorText) => z.ZodType<unknown, In>,
  read: (value: unknown) => Out,
): z.ZodType<Out, In> {
  return shape(({ input }) => reasonOf(read, input)).transform((value, context): Out => {
    try {
      return read(value)
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error
      context.addIssue({ code: 'custom', message: error.message, input: value })
      return z.NEVER
    }
  })
}

function reasonOf(read: (value: unknown) => unknown, value: unknown): string {
  try {
    read(value)
    return 'cannot stand here'
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error
    return error.message
  }
}
