import * as z from 'zod'
import type { Probe } from '../core/probe.ts'
import type { StrategyFactory } from '../core/strategy.ts'
import { type ErrorText, leaf } from './leaf.ts'
import type { FaultSpec } from '../faults/fault-spec.ts'
import { faultsSchema } from './fault-schema.ts'
import type { BalancerOptions } from './options.ts'
import { readSetting, type SettingValue } from './read-setting.ts'
import type { Setting, ValueRule } from './setting.ts'
import { type SettingKey, settings } from './settings.ts'
import { VARIABLE } from './variable.ts'

/** What a setting may be in a file, or where it is given to the library. */
export type SettingInput<Key> = Key extends keyof BalancerOptions
  ? NonNullable<BalancerOptions[Key]>
  : SettingValue<Key>

/** What it is read into: as from a flag, or a function of the user's own. */
export type SettingOutput<Key> = Key extends 'balance'
  ? SettingValue<Key> | StrategyFactory
  : Key extends 'check'
    ? SettingValue<Key> | Probe
    : Key extends 'faults'
      ? SettingValue<Key> | readonly FaultSpec[]
      : SettingValue<Key>

type SettingShape<Key extends SettingKey> = {
  [Name in Key]: z.ZodOptional<z.ZodType<SettingOutput<Name>, SettingInput<Name>>>
}

/** Settings that are read one by one; `backup` is a list of backends. */
export type PoolKey = Exclude<Extract<(typeof settings)[number], { perPool: true }>['key'], 'backup'>
export type ProcessKey = Extract<
  (typeof settings)[number],
  { group: 'Process' | 'Operating' | 'Logging' }
>['key']
export type ListenerKey = Exclude<SettingKey, PoolKey | ProcessKey | 'backup'>

const all: readonly Setting[] = settings

export const poolKeys = all
  .filter(({ perPool, kind }) => perPool === true && kind !== 'backends')
  .map(({ key }) => key) as PoolKey[]
const processKeys: readonly string[] = all
  .filter(({ group }) => group === 'Process' || group === 'Operating' || group === 'Logging')
  .map(({ key }) => key)
export const listenerKeys = all
  .filter(({ perPool, key }) => perPool !== true && !processKeys.includes(key))
  .map(({ key }) => key) as ListenerKey[]

/** The schema of a setting: made of the table's line, so that a value is read, and refused, as that of a flag. */
export function settingSchema<Key extends SettingKey>(
  key: Key,
): z.ZodType<SettingOutput<Key>, SettingInput<Key>> {
  const setting = all.find((known) => known.key === key) as Setting
  const description = setting.optionDescription ?? setting.description
  // The key says what it is; TypeScript cannot look that up at run time.
  if (key === 'faults') return faultsSchema(description) as z.ZodType as never
  return valueSchema({
    ...setting,
    description,
    ...(setting.default === undefined ? {} : { fallback: defaultOf(setting) }),
    orFunction: key === 'balance' || key === 'check',
  })
}

/** The same for a value that is no setting: read, and refused, as one of its kind. */
export function valueSchema<Out, In = Out>(
  rule: ValueRule & {
    readonly description: string
    /** The default as the JSON Schema tells it. */
    readonly fallback?: unknown
    readonly orFunction?: boolean
  },
): z.ZodType<Out, In> {
  const { description, fallback, orFunction = false } = rule
  const schema = leaf(
    (error) => {
      const shape = SHAPES[rule.kind](rule, error)
      return orFunction ? z.union([shape, FUNCTION], { error }) : shape
    },
    (value) => (orFunction && typeof value === 'function' ? value : readSetting(rule, value)),
  )
  // The kind says what it is; TypeScript cannot look that up at run time.
  return schema.meta({ description, fallback }) as unknown as z.ZodType<Out, In>
}

/** Several of them, all optional, as the keys of an object. */
export function settingShape<Key extends SettingKey>(keys: readonly Key[]): SettingShape<Key> {
  const entries = keys.map((key) => [key, settingSchema(key).optional()])
  return Object.fromEntries(entries) as SettingShape<Key>
}

/** JSON knows none: editors offer only what can be written down. */
const FUNCTION = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function')

function defaultOf(setting: Setting): unknown {
  const { kind, default: text = '' } = setting
  if (kind === 'boolean') return text === 'true'
  return kind === 'integer' || text === '0' ? Number(text) : text
}

const text = (error: ErrorText): z.ZodType => z.string({ error })
const texts = (error: ErrorText): z.ZodType => z.union([z.string(), z.array(z.string())], { error })

/** A number, or a text that says one. */
function number({ min, max }: ValueRule, error: ErrorText): z.ZodType {
  const range = {
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
  }
  return z.union([z.number({ error }).meta(range), z.string()], { error })
}

const SHAPES: Readonly<Record<Setting['kind'], (rule: ValueRule, error: ErrorText) => z.ZodType>> = {
  duration: number,
  size: number,
  integer: (setting, error) => {
    const { min, max } = setting
    const whole = { type: 'integer', minimum: min, maximum: max } as const
    return z.union([z.number({ error }).meta(whole), z.string().meta(VARIABLE)], { error })
  },
  boolean: (_, error) => z.union([z.boolean(), z.string().meta(VARIABLE)], { error }),
  choice: ({ choices = [], aliases = {} }, error) =>
    z.string({ error }).meta({ anyOf: [{ enum: [...choices, ...Object.keys(aliases)] }, VARIABLE] }),
  statuses: (_, error) =>
    z.union([z.number(), z.string(), z.array(z.union([z.number(), z.string()], { error }))], { error }),
  headers: (_, error) =>
    z.union([z.string(), z.array(z.string()), z.record(z.string(), z.string())], { error }),
  networks: (_, error) => texts(error),
  tokens: (_, error) => texts(error),
  text: (_, error) => text(error),
  path: (_, error) => text(error),
  token: (_, error) => text(error),
  pseudonym: (_, error) => text(error),
  sticky: (_, error) => text(error),
  certificates: (_, error) => text(error),
  folder: (_, error) => text(error),
  admin: (_, error) => z.union([z.number(), z.string()], { error }),
  hosts: (_, error) => texts(error),
  secret: (_, error) => text(error),
  backends: () => {
    throw new Error('backends are read with their neighbours')
  },
}
