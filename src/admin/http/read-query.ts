import { InvalidValueError } from '../../config/invalid-value.ts'
import type { ApiProblem } from '../api-error.ts'
import { badRequest } from '../api-error.ts'
import type { Parameters, Values } from './parameters.ts'

/**
 * Reads what a route documents, and nothing else: a mistyped filter of a DELETE must not mean "all".
 *
 * @throws {ApiError} 400 with every problem
 */
export function readQuery(query: URLSearchParams, parameters: Parameters): Values<Parameters> {
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const problems: ApiProblem[] = []
  for (const name of new Set(query.keys())) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    const texts = query.getAll(name)
    if (parameter === undefined) {
      problems.push({ path: name.slice(0, 64), message: unknownName(Object.keys(parameters)) })
    } else if (texts.length > 1 && parameter.repeated === undefined) {
      problems.push({ path: name, message: 'must stand once' })
    } else {
      try {
        const read = texts.map((text) => parameter.read(text))
        values[name] = parameter.repeated === true ? read : read[0]
      } catch (error) {
        if (!(error instanceof InvalidValueError)) throw error
        problems.push({ path: name, message: error.message })
      }
    }
  }
  if (problems.length > 0) throw badRequest('the query is not good', problems)
  return values
}

function unknownName(known: readonly string[]): string {
  return known.length === 0 ? 'no parameter is known here' : `unknown; known are: ${known.join(', ')}`
}
