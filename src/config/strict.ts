import * as z from 'zod'
import { quote } from './invalid-value.ts'
import { nearestName } from './nearest-name.ts'

interface StrictWords {
  /** For unknown keys: `an option of a backend`. */
  readonly what: string
  /** For what is no object: `an object with a pool`. */
  readonly expected: string
  /** Names all keys where none is near. */
  readonly list?: boolean
  /** Keys that stand elsewhere, and where. */
  readonly elsewhere?: Readonly<Record<string, string>>
}

/** An object without unknown keys: a slip of the finger would otherwise count as the default. */
export function strict<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  words: StrictWords,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? // One line a key; whoever collects the problems takes them apart again.
          issue.keys.map((key) => unknownKey(key, known, words)).join('\n')
        : `must be ${words.expected}, not ${quote(issue.input)}`,
  })
}

function unknownKey(key: string, known: readonly string[], words: StrictWords): string {
  const { what, list = false, elsewhere = {} } = words
  if (Object.hasOwn(elsewhere, key)) return elsewhere[key] as string
  const nearest = nearestName(key, known)
  const all = list ? `: there are ${known.join(', ')}` : ''
  return `is not ${what}${nearest === undefined ? all : `; did you mean ${nearest}?`}`
}
