import type * as z from 'zod'
import type { Address } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import { type BackendEntry, specOf } from './backend-schema.ts'
import type { Discovery } from './discover-schema.ts'
import type { Place } from './place.ts'
import type { AdminConfig, RouteConfig } from './schema.ts'
import type { poolSchema } from './file-schema.ts'
import { type GivenValues, merge, type Values } from './values.ts'

/**
 * What was asked for, in whatever form: the arguments of a command, options of the library, a file. Each value is read;
 * whether all of it goes together is still to be found out. Everything knows its place, for problems.
 */
export interface Model {
  readonly listeners: readonly ListenerModel[]
  readonly pools: readonly PoolModel[]
  /** The names of all pools that were written, of those too that cannot be read. */
  readonly poolNames: readonly string[]
  readonly defaults: DefaultsModel | undefined
  /** Of the process. */
  readonly values: Values
  readonly admin: AdminConfig | undefined
  readonly adminPlace: Place
}

export interface ListenerModel {
  readonly name: string
  readonly place: Place
  readonly listenPlace: Place
  readonly address: Address
  /** Where everything goes that no route takes. */
  readonly pool: string | undefined
  readonly poolPlace: Place
  readonly routes: readonly RouteModel[] | undefined
  /** What else means nothing where bytes are balanced. */
  readonly httpOnlyPlaces: readonly Place[]
  /** What is said for it alone. */
  readonly own: GivenValues
  /** The same, with what it inherits. */
  readonly values: Values
}

export interface RouteModel {
  readonly place: Place
  readonly config: RouteConfig
}

export interface PoolModel {
  readonly name: string
  readonly place: Place
  readonly own: GivenValues
  readonly values: Values
  readonly backends: readonly BackendModel[]
  /** Where to tell that nothing leads here. */
  readonly unusedPlace: Place
  /** Whether nobody said where its backends are. */
  readonly hasNoSource: boolean
  readonly discovery: Discovery | undefined
}

export interface DefaultsModel {
  readonly place: Place
  readonly own: GivenValues
}

export interface BackendModel {
  readonly place: Place
  readonly spec: BackendSpec
  /** Given as `http://` or `https://`. */
  readonly isHttp: boolean
}

/** Backends and backups of one pool, as schemas read them. */
export function backendModels(
  given: {
    readonly backends?: readonly (readonly BackendEntry[])[] | undefined
    readonly backup?:
      | { readonly kind: 'one'; readonly entries: readonly BackendEntry[] }
      | { readonly kind: 'list'; readonly entries: readonly (readonly BackendEntry[])[] }
      | undefined
  },
  pool: { readonly place: Place; readonly values: Values },
): BackendModel[] {
  const { place, values } = pool
  const models = (entries: readonly BackendEntry[], at: Place, backup: boolean): BackendModel[] =>
    entries.map((entry) => ({
      place: [...place, ...at],
      spec: specOf(entry, { backup, maxConnections: values.backendMaxConnections }),
      isHttp: entry.isHttp,
    }))
  const { backends = [], backup } = given
  return [
    ...backends.flatMap((entries, i) => models(entries, ['backends', i], false)),
    ...(backup === undefined
      ? []
      : backup.kind === 'one'
        ? models(backup.entries, ['backup'], true)
        : backup.entries.flatMap((entries, i) => models(entries, ['backup', i], true))),
  ]
}

/** One of several pools, as schemas read it. */
export function namedPool(name: string, given: z.output<typeof poolSchema>, inherited: Values): PoolModel {
  const place = ['pools', name]
  const values = merge(inherited, given)
  return {
    name,
    place,
    own: given,
    values,
    backends: backendModels(given, { place, values }),
    hasNoSource: given.backends === undefined && given.discover === undefined,
    unusedPlace: place,
    discovery: given.discover,
  }
}
