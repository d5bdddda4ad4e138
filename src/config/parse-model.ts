import type * as z from 'zod'
import { ConfigError, type ConfigProblem } from '../core/errors.ts'
import type { Model } from './model.ts'
import { modelProblems, poolMessage } from './model-problems.ts'
import { formatPlace, isWithin, type Place, type PlacedProblem } from './place.ts'
import { configOf } from './resolve-model.ts'
import { salvage } from './salvage.ts'
import type { Config } from './schema.ts'

/**
 * The way of every configuration: read by its schema, made a model, checked as a whole, resolved.
 *
 * @throws {ConfigError} with every problem at once
 */
export function parseModel<Parsed>(parts: {
  readonly given: unknown
  readonly schema: z.ZodType<Parsed>
  readonly poolNames: readonly string[]
  readonly toModel: (parsed: Parsed) => Model
  /** Problems found before; what they are about is left out. */
  readonly before?: readonly PlacedProblem[]
  /** Where a place of `given` stands in what was written; default: there. */
  readonly written?: ((place: Place) => Place) | undefined
  /** Adds what is known of a problem's place, and puts them in order. */
  readonly tell?: (problems: readonly PlacedProblem[]) => readonly ConfigProblem[]
}): Config {
  const { given, schema, poolNames, toModel, before = [], written = (place) => place, tell = plainly } = parts
  const { value, problems, gaps, original } = salvage(schema, given, {
    known: before.map(({ place }) => place).filter((place) => place.length > 0),
    error: (issue) => {
      const isPool = issue.path?.at(-1) === 'pool'
      return isPool ? poolMessage(issue.input, poolNames) : undefined
    },
  })
  const model = value === undefined ? undefined : toModel(value)
  const found = model === undefined ? [] : modelProblems(model, gaps)
  const all = [
    ...before,
    ...problems.map(({ place, message }) => ({ place: written(place), message })),
    ...found
      .map(({ place, message }) => ({ place: original(place), message }))
      // Of what stands there its problem is told already.
      .filter(({ place }) => !gaps.some((gap) => isWithin(place, gap)))
      .map(({ place, message }) => ({ place: written(place), message })),
  ]
  if (model === undefined || all.length > 0) throw new ConfigError(tell(all))
  return configOf(model)
}

function plainly(problems: readonly PlacedProblem[]): ConfigProblem[] {
  return problems.map(({ place, message }) => ({ path: formatPlace(place), message }))
}
