import * as z from 'zod'
import type { Address } from '../core/address.ts'
import { formatAddress, formatHostPort } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import { InvalidValueError, quote } from './invalid-value.ts'
import { SEE_BRANCH } from './issues.ts'
import { leaf } from './leaf.ts'
import { list } from './list.ts'
import { MOST_CONNECTIONS } from './limits.ts'
import type { BackendOptions } from './options.ts'
import {
  type BackendText,
  isBackendId,
  MOST_WEIGHT,
  parseBackendText,
  splitBackends,
} from './parse-backend.ts'
import { parseUnixPath } from './parse-host-port.ts'
import { isPlain, isRecord } from './kinds-of-object.ts'
import { valueSchema } from './setting-schema.ts'
import { strict } from './strict.ts'

/** One backend as it was written; what is undefined comes from its pool. */
export interface BackendEntry extends Omit<BackendText, 'id' | 'weight'> {
  readonly id: string
  readonly weight: number
  readonly backup: boolean | undefined
  readonly maxConnections: number | undefined
  readonly initial: 'up' | 'down' | undefined
}

/** What it is in a pool of these settings. */
export function specOf(
  entry: BackendEntry,
  pool: { readonly backup: boolean; readonly maxConnections: number },
): BackendSpec {
  const { id, address, transport, weight, initial } = entry
  return {
    id,
    address,
    transport,
    weight,
    backup: entry.backup ?? pool.backup,
    maxConnections: entry.maxConnections ?? pool.maxConnections,
    ...(initial === undefined ? {} : { initial }),
  }
}

/** JSON Schema does not tell of it: it is for programs. */
const ADDRESS = z.custom<Address>((value) => typeof value === 'object' && value !== null)

const KEYS = ['address', 'id', 'weight', 'backup', 'maxConnections', 'initial']

const ownObject = strict(
  {
    address: leaf((error) => z.union([z.number(), z.string(), ADDRESS], { error }), readAddress).meta({
      description: '3001, host:3001, unix:/run/app.sock, http://host, tls://host:port, ...',
    }),
    id: leaf((error) => z.string({ error }), readId)
      .meta({ description: 'Its name in logs, snapshots and commands; default the address' })
      .optional(),
    weight: valueSchema<number>({
      kind: 'integer',
      min: 0,
      max: MOST_WEIGHT,
      description: 'Share of the sessions; 0 takes no new ones',
      fallback: 1,
    }).optional(),
    backup: valueSchema<boolean>({
      kind: 'boolean',
      description: 'Serves only while no other backend can',
    }).optional(),
    maxConnections: valueSchema<number>({
      kind: 'integer',
      min: 0,
      max: MOST_CONNECTIONS,
      description: 'Most sessions at once; 0 = any',
    }).optional(),
    initial: valueSchema<'up' | 'down'>({
      kind: 'choice',
      choices: ['up', 'down'],
      description: 'State before the first check',
    }).optional(),
  },
  {
    what: 'an option of a backend',
    expected: 'a port, an address or an object with an address',
    list: true,
  },
)

const backendObject = (
  z.preprocess(plain, ownObject) as unknown as z.ZodType<
    z.output<typeof ownObject>,
    z.input<typeof ownObject>
  >
).transform((given, context): BackendEntry[] => {
  const { address: text } = given
  const twice = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message, input: given })
  if (given.id !== undefined && text.id !== undefined) {
    twice('id', `stands here and in the address (${quote(text.id)}): name it once`)
  }
  if (given.weight !== undefined && text.weight !== undefined) {
    twice('weight', `stands here and in the address (@${text.weight}): give it once`)
  }
  return [entryOf(text, given)]
})

const backendText: z.ZodType<BackendEntry[], number | string> = leaf(
  (error) => z.union([z.number(), z.string()], { error }),
  (value) => {
    if (typeof value !== 'number' && typeof value !== 'string') throw new InvalidValueError('is no text')
    return splitBackends(String(value)).map((part) => entryOf(parseBackendText(part), {}))
  },
)

/** One entry of a list of backends; a text may hold several. */
export const backendSchema: z.ZodType<BackendEntry[], number | string | BackendOptions> = z.union(
  [backendText, backendObject],
  { error: () => SEE_BRANCH },
)

/** A pool's backends, by entries. */
export const backendsSchema = list(
  backendSchema,
  (shown) => `is ${shown}: give an array such as [3001, 'host:3002']`,
)

/** An entry, or several. */
export const backupSchema: z.ZodType<
  | { readonly kind: 'one'; readonly entries: readonly BackendEntry[] }
  | { readonly kind: 'list'; readonly entries: readonly (readonly BackendEntry[])[] },
  number | string | BackendOptions | readonly (number | string | BackendOptions)[]
> = z.union(
  [
    backendText.transform((entries) => ({ kind: 'one' as const, entries })),
    backendObject.transform((entries) => ({ kind: 'one' as const, entries })),
    backendsSchema.transform((entries) => ({ kind: 'list' as const, entries })),
  ],
  { error: () => SEE_BRANCH },
)

function entryOf(
  text: BackendText,
  explicit: Partial<Omit<BackendEntry, keyof BackendText>> & {
    readonly id?: string | undefined
    readonly weight?: number | undefined
  },
): BackendEntry {
  return {
    id: explicit.id ?? text.id ?? idOf(formatAddress(text.address)),
    address: text.address,
    transport: text.transport,
    isHttp: text.isHttp,
    weight: explicit.weight ?? text.weight ?? 1,
    backup: explicit.backup,
    maxConnections: explicit.maxConnections,
    initial: explicit.initial,
  }
}

/** Paths may hold what names may not. */
function idOf(address: string): string {
  return address.replaceAll(/[^A-Za-z0-9._:[\]/-]/g, '_').slice(0, 128)
}

/** Of a handle that has an address, such as a fixture of ours, only what is ours. */
function plain(value: unknown): unknown {
  if (!isRecord(value) || isPlain(value)) return value
  const handle = value as Readonly<Record<string, unknown>>
  return Object.fromEntries(KEYS.map((key) => [key, handle[key]]))
}

/** An address that is one already. */
function addressOf(value: unknown): Address | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, host, port, path } = value as Readonly<Record<string, unknown>>
  if (kind === 'unix' && typeof path === 'string') return parseUnixPath(path)
  if (kind !== 'tcp' || typeof host !== 'string' || typeof port !== 'number') return undefined
  return parseBackendText(formatHostPort(host, port)).address
}

function readAddress(value: unknown): BackendText {
  if (typeof value === 'number') return parseBackendText(String(value))
  if (typeof value === 'string') {
    if (value.includes(',') && !value.startsWith('unix:')) {
      throw new InvalidValueError(`${quote(value)} holds several addresses: give each backend its own object`)
    }
    return parseBackendText(value)
  }
  const address = addressOf(value)
  if (address !== undefined) {
    return { address, id: undefined, weight: undefined, transport: 'plain', isHttp: false }
  }
  if (value === undefined) throw new InvalidValueError("is missing: give 3001 or 'host:3001'")
  throw new InvalidValueError(`must be a port or an address, not ${quote(value)}`)
}

function readId(value: unknown): string {
  if (typeof value === 'string' && isBackendId(value)) return value
  throw new InvalidValueError(
    `${quote(value)} cannot name a backend: use letters, digits and . _ : - / [ ], at most 128`,
  )
}
