import * as z from 'zod'
import { ConfigError } from '../core/errors.ts'
import { fieldsOf, TYPES } from '../faults/fault-fields.ts'
import type { FaultSpec, FaultType } from '../faults/fault-spec.ts'
import { readFault } from '../faults/read-fault.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { SEE_BRANCH } from './issues.ts'
import { leaf } from './leaf.ts'
import { list } from './list.ts'
import { VARIABLE } from './variable.ts'

const EXPECTED = 'must be true, false or a list of faults, not'

/** Whether there may be faults; a list: there may, and these are in force from the start. */
export function faultsSchema(
  description: string,
): z.ZodType<boolean | readonly FaultSpec[], boolean | readonly FaultSpec[]> {
  const schema = z
    .union([onOrOff, list(fault, (shown) => `${EXPECTED} ${shown}`).superRefine(refuseSameNames)], {
      error: () => SEE_BRANCH,
    })
    .meta({ description, fallback: false })
  // A text that a variable has put there is read, but is not what people are to write.
  return schema as unknown as z.ZodType<boolean | readonly FaultSpec[], boolean | readonly FaultSpec[]>
}

const onOrOff = leaf(
  (error) => z.union([z.boolean(), z.string().meta(VARIABLE)], { error }),
  (value) => {
    if (value === true || value === 'true') return true
    if (value === false || value === 'false') return false
    throw new InvalidValueError(`${EXPECTED} ${quote(value)}`)
  },
)

/** Read, and refused, as where faults are added at run time. */
const fault = z
  .unknown()
  .meta({ anyOf: TYPES.map(jsonOf) })
  .transform((given, context): FaultSpec => {
    try {
      return readFault(given)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const { path, message } of error.problems) {
        context.addIssue({ code: 'custom', path: path === 'fault' ? [] : [path], message, input: given })
      }
      return z.NEVER
    }
  })

function refuseSameNames(faults: readonly FaultSpec[], context: z.RefinementCtx<readonly FaultSpec[]>): void {
  for (const [i, { name }] of faults.entries()) {
    if (name === undefined || faults.findIndex((other) => other.name === name) === i) continue
    context.addIssue({
      code: 'custom',
      path: [i, 'name'],
      message: `${quote(name)} is another fault's name already`,
      input: faults,
    })
  }
}

function jsonOf(type: FaultType): Readonly<Record<string, unknown>> {
  const fields = Object.entries(fieldsOf(type)).filter(([, { json }]) => json !== undefined)
  const names = [type, type.replaceAll('_', '-')]
  return {
    type: 'object',
    properties: {
      type: { enum: [...new Set(names)] },
      ...Object.fromEntries(fields.map(([key, { json, wants }]) => [key, { ...json, description: wants }])),
    },
    required: ['type', ...fields.filter(([, { isRequired }]) => isRequired === true).map(([key]) => key)],
    additionalProperties: false,
  }
}
