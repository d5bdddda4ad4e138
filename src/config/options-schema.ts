import * as z from 'zod'
import { backendsSchema, backupSchema } from './backend-schema.ts'
import { listenSchema, poolSchema } from './file-schema.ts'
import { quote } from './invalid-value.ts'
import { named } from './named.ts'
import { routesSchema } from './route-schema.ts'
import { settingShape } from './setting-schema.ts'
import type { Setting } from './setting.ts'
import { type SettingKey, settings } from './settings.ts'
import { strict } from './strict.ts'
import { TEST_OPTIONS } from './test-options.ts'

/** The one listener, and the pool of `backends`, are both called so. */
export const MAIN = 'main'

const ownKeys = (settings as readonly Setting[])
  .filter(({ commandOnly, kind }) => commandOnly !== true && kind !== 'backends')
  .map(({ key }) => key) as Exclude<SettingKey, 'backup'>[]

/** What `createBalancer` takes. What must be there is found missing with the rest of what does not go together. */
export const optionsSchema = strict(
  {
    signal: injected((value) => value instanceof AbortSignal, 'must be an AbortSignal, not'),
    clock: injected(looksLikeClock, 'must have now, wallTime and setTimer; got'),
    random: injected(
      (value) => typeof value === 'function',
      'must be a function that gives numbers in [0, 1), not',
    ),
    ...Object.fromEntries(TEST_OPTIONS.map((key) => [key, z.unknown().optional()])),
    listen: listenSchema.optional(),
    ...settingShape(ownKeys),
    backends: backendsSchema.optional(),
    backup: backupSchema.optional(),
    pools: named(poolSchema, {
      what: 'a pool',
      example: '{ api: { backends: [3001] } }',
      taken: { [MAIN]: '"main" is the pool of the option backends: choose another name' },
    }).optional(),
    routes: routesSchema.optional(),
  },
  { what: 'an option', expected: 'an object' },
)

function injected(isRight: (value: unknown) => boolean, message: string): z.ZodType {
  return z
    .unknown()
    .refine((value) => isRight(value), { error: ({ input }) => `${message} ${quote(input)}` })
    .optional()
}

function looksLikeClock(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'now' in value && 'setTimer' in value
}
