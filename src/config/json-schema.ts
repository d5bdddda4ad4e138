import * as z from 'zod'
import { fileSchema } from './file-schema.ts'

/** What editors and other programs know a configuration file by. Variables (`${NAME}`) may stand for most values. */
export function jsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(fileSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema: made }) => {
      const { fallback } = made
      delete made['fallback']
      if (fallback !== undefined) Object.assign(made, { default: fallback })
      // Functions and values of programs have no form in JSON: what is left of them is `{}`.
      if (made.anyOf !== undefined) made.anyOf = made.anyOf.filter((branch) => !isEmpty(branch))
    },
  })
  return {
    $schema,
    title: 'fairlead',
    description: 'Configuration of fairlead, a load balancer',
    ...schema,
  }
}

function isEmpty(branch: unknown): boolean {
  return typeof branch === 'object' && branch !== null && Object.keys(branch).length === 0
}
