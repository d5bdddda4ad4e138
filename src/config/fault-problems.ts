import { quote } from './invalid-value.ts'
import type { Model } from './model.ts'
import { nearestName } from './nearest-name.ts'
import type { PlacedProblem } from './place.ts'

/** Faults that would strike nobody, since what they name is not there. */
export function faultProblems({ values, poolNames, listeners }: Model): PlacedProblem[] {
  const { faults } = values
  if (typeof faults === 'boolean') return []
  const names = { pool: poolNames, listener: listeners.map(({ name }) => name) }
  return faults.flatMap((fault, i) =>
    (['pool', 'listener'] as const).flatMap((key) => {
      const name = key in fault ? fault[key as keyof typeof fault] : undefined
      if (typeof name !== 'string' || names[key].includes(name)) return []
      const nearest = nearestName(name, names[key])
      const hint =
        nearest === undefined ? `: there are ${names[key].join(', ')}` : `; did you mean ${nearest}?`
      return [{ place: ['faults', i, key], message: `${quote(name)} is not a ${key}${hint}` }]
    }),
  )
}
