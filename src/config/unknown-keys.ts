import type { ConfigProblem } from '../core/errors.ts'
import { nearestName } from './nearest-name.ts'

/** A problem for each name that nobody reads: a slip of the finger would otherwise count as the default. */
export function unknownKeyProblems(
  given: Readonly<Record<string, unknown>>,
  options: {
    readonly known: readonly string[]
    /** Where `given` stands: `pools.api`. Default: it is what the caller gave. */
    readonly path?: string
    /** `an option of a backend`. Default `an option`. */
    readonly what?: string
    /** Names them all where none is near. */
    readonly list?: boolean
  },
): ConfigProblem[] {
  const { known, path, what = 'an option', list = false } = options
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const nearest = nearestName(key, known)
      const all = list ? `: there are ${known.join(', ')}` : ''
      return {
        path: path === undefined ? key : `${path}.${key}`,
        message: `is not ${what}${nearest === undefined ? all : `; did you mean ${nearest}?`}`,
      }
    })
}
