import type { ConfigProblem } from '../core/errors.ts'
import { adminConfig } from './admin-config.ts'
import { type ParsedFile, fileSchema } from './file-schema.ts'
import { type ListenerModel, type Model, namedPool } from './model.ts'
import { isName } from './named.ts'
import { parseModel } from './parse-model.ts'
import { formatPlace, type Place, type PlacedProblem } from './place.ts'
import type { Config } from './schema.ts'
import { isSmallForm, longForm } from './small-form.ts'
import { defaultValues, type GivenValues, merge, type Values } from './values.ts'

export interface FileContext {
  /** For problems. */
  readonly file?: string | undefined
  readonly lineOf?: ((place: Place) => number | undefined) | undefined
  /** Problems found while it was read. */
  readonly before?: readonly PlacedProblem[] | undefined
  /**
   * What the environment and flags say, read. Settings of the process win over the file's; those of pools and listeners
   * win over its `defaults`, so that a pool or a listener that says otherwise is left alone.
   */
  readonly overrides?: GivenValues | undefined
}

/**
 * Turns what a file holds, in the long or the small form, into the configuration that everything inside reads.
 *
 * @throws {ConfigError} with every problem at once, each with its line where that is known
 */
export function resolveFile(content: unknown, context: FileContext = {}): Config {
  const { before = [], overrides = {} } = context
  const small = isSmallForm(content) ? longForm(content) : undefined
  const given = small === undefined ? content : small.value
  return parseModel({
    given,
    schema: fileSchema,
    poolNames: namesOf(given),
    before: [...before, ...(small?.problems ?? []), ...protoProblems(given)],
    toModel: (parsed) => modelOf(parsed, overrides),
    written: small?.written,
    tell: (problems) => inOrder(problems, context),
  })
}

/** Names that zod passes over in silence. */
function protoProblems(given: unknown): PlacedProblem[] {
  if (typeof given !== 'object' || given === null) return []
  return Object.entries(given)
    .filter(([, value]) => typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__'))
    .map(([key]) => ({ place: [key, '__proto__'], message: 'is a name that nothing may have' }))
}

/** Pools of which it is known that they were meant, readable or not. */
function namesOf(given: unknown): string[] {
  const pools: unknown =
    typeof given === 'object' && given !== null && 'pools' in given ? given.pools : undefined
  return typeof pools === 'object' && pools !== null ? Object.keys(pools).filter(isName) : []
}

function modelOf(given: ParsedFile, overrides: GivenValues): Model {
  const { defaults, log = {}, shutdown = {} } = given
  const inherited = merge(defaultValues, defaults, overrides)
  const process: GivenValues = {
    logLevel: log.level,
    logFormat: log.format,
    sessionLog: log.sessions,
    accessLog: log.access,
    shutdownTimeout: shutdown.timeout,
    shutdownDelay: shutdown.delay,
    pidFile: given.pidFile,
    io: given.io,
    faults: given.faults,
  }
  return {
    listeners: Object.entries(given.listeners).map(([name, listener]) =>
      listenerModel(name, listener, inherited),
    ),
    pools: Object.entries(given.pools).map(([name, pool]) => namedPool(name, pool, inherited)),
    poolNames: Object.keys(given.pools),
    defaults: { place: ['defaults'], own: defaults ?? {} },
    values: merge(
      defaultValues,
      process,
      overrides.faults === true ? keepingFaults(overrides, given) : overrides,
    ),
    admin: adminConfig(overrides, given.admin),
    adminPlace: ['admin'],
  }
}

/** A flag allows faults, and takes none away that the file begins with. */
function keepingFaults(overrides: GivenValues, { faults }: ParsedFile): GivenValues {
  return Array.isArray(faults) ? { ...overrides, faults: undefined } : overrides
}

function listenerModel(
  name: string,
  given: ParsedFile['listeners'][string],
  inherited: Values,
): ListenerModel {
  const place = ['listeners', name]
  return {
    name,
    place,
    listenPlace: [...place, 'listen'],
    address: given.listen,
    pool: given.pool,
    poolPlace: [...place, 'pool'],
    routes: given.routes?.map((config, i) => ({ place: [...place, 'routes', i], config })),
    httpOnlyPlaces: given.routes === undefined ? [] : [[...place, 'routes']],
    own: given,
    values: merge(inherited, given),
  }
}

/** As they stand in the file, where that is known. */
function inOrder(problems: readonly PlacedProblem[], { file, lineOf }: FileContext): ConfigProblem[] {
  const told = problems.map(({ place, message, line = lineOf?.(place) }) => ({
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    path: formatPlace(place),
    message,
  }))
  return told.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
}
