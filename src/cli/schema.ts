import { jsonSchema } from '../config/json-schema.ts'
import type { CommandContext } from './context.ts'
import { EXIT_OK } from './exit-codes.ts'

/** `fairlead schema`: the JSON Schema of configuration files. The build puts the same into the package. */
export function schema(context: CommandContext): number {
  context.print(`${JSON.stringify(jsonSchema(), null, 2)}\n`)
  return EXIT_OK
}
