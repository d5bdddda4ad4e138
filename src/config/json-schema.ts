import * as z from 'zod'
import { fileSchema } from './file-schema.ts'

/** What editors and other programs know a configuration file by. Variables (`${NAME}`) may stand for most values. */
export function jsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' })
  return {
    $schema,
    title: 'fairlead',
    description: 'Configuration of fairlead, a load balancer',
    ...(tidy(schema) as Readonly<Record<string, unknown>>),
  }
}

/**
 * Functions and values of programs have no form in JSON: what zod leaves of them, `{}`, would allow anything. And
 * defaults, which zod leaves out of what is transformed, come back: schemas tell them as `fallback`.
 */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value !== 'object' || value === null) return value
  const { fallback, ...rest } = value as Readonly<Record<string, unknown>>
  const entries = Object.entries(rest).map(([key, item]): [string, unknown] => {
    const branches = key === 'anyOf' && Array.isArray(item) ? item.filter((branch) => !isEmpty(branch)) : item
    return [key, tidy(branches)]
  })
  return Object.fromEntries(fallback === undefined ? entries : [...entries, ['default', fallback]])
}

function isEmpty(branch: unknown): boolean {
  return typeof branch === 'object' && branch !== null && Object.keys(branch).length === 0
}
