import { adminConfig, type AdminSettings, exposureProblem } from '../config/admin-config.ts'
import type { BalancerOptions } from '../config/options.ts'
import { Problems } from '../config/problems.ts'
import { DEFAULT_ADMIN_PORT } from '../config/read-admin.ts'
import { resolveOptions } from '../config/resolve.ts'
import { COUNTS_ONLY_IN_HTTP } from '../config/resolve-http.ts'
import { ConfigError } from '../core/errors.ts'
import { assertKnown } from './assert-known.ts'
import { type GatheredSettings, gatherSettings } from './gather-settings.ts'
import type { Argv } from './argv.ts'
import type { Env } from './read-flags.ts'
import { describeProblems, readPort, textOf } from './read-flags.ts'
import type { DemoRequest, RunRequest } from './requests.ts'
import { UsageError } from './usage-error.ts'
import { NEEDS_ADMIN } from './useless-flags.ts'

/** @throws {UsageError} */
export function readRunRequest(argv: Argv, env: Env): RunRequest {
  const unknown = assertKnown(argv, 'run')
  const { listen, backends } = positionals(argv, env, unknown)
  const gathered = gatherSettings(argv, env)
  const places = new Map([...gathered.places, ...backends.places, ['listen', listen.place]])
  const options = { ...gathered.options, listen: listen.value, backends: backends.value } as BalancerOptions
  const { logging, pidFile, admin } = gathered
  const problems = [
    ...unknown,
    ...gathered.problems,
    ...optionProblems(options, places),
    ...adminProblems(admin, places),
    ...watchProblems(gathered),
  ]
  if (problems.length > 0) throw new UsageError(problems)
  return { command: 'run', options, logging, pidFile, admin: adminConfig(admin) }
}

/** @throws {UsageError} */
export function readDemoRequest(argv: Argv, env: Env): DemoRequest {
  const unknown = assertKnown(argv, 'demo')
  const gathered = gatherSettings(argv, env)
  const options = { ...demoDefaults(gathered.options['mode']), ...gathered.options } as DemoRequest['options']
  const problems = new Problems()
  const port = readPort(argv, env, { flag: 'port', variable: 'PROXY_PORT', fallback: 8080, problems })
  const admin = demoAdmin(gathered.admin, { env, problems })
  const lines = [
    ...unknown,
    ...describeProblems(problems),
    ...gathered.problems,
    ...optionProblems({ ...options, listen: 0, backends: [] }, gathered.places),
    ...adminProblems(admin, gathered.places),
    ...watchProblems(gathered),
  ]
  if (lines.length > 0) throw new UsageError(lines)
  const { logging, pidFile } = gathered
  const isAdminGiven = gathered.admin.admin !== undefined || isSet(env, DASHBOARD_PORT)
  return { command: 'demo', port, options, logging, pidFile, admin: adminConfig(admin), isAdminGiven }
}

/** Its backends speak HTTP, so that is how it balances, unless it is told otherwise. */
function demoDefaults(mode: unknown): Pick<BalancerOptions, 'mode' | 'check' | 'explain'> {
  const isHttp = mode === undefined || mode === 'http'
  return isHttp ? { mode: 'http', check: 'http', explain: true } : { check: 'http' }
}

/** Its dashboard is on unless it is told otherwise. */
function demoAdmin(
  given: AdminSettings,
  { env, problems }: { readonly env: Env; readonly problems: Problems },
): AdminSettings {
  if (given.admin !== undefined) return given
  const port = readPort({}, env, {
    flag: 'admin',
    variable: DASHBOARD_PORT,
    fallback: DEFAULT_ADMIN_PORT,
    problems,
  })
  return { ...given, admin: { kind: 'tcp', host: '127.0.0.1', port } }
}

const DASHBOARD_PORT = 'DASHBOARD_PORT'

function isSet(env: Env, name: string): boolean {
  return env[name] !== undefined && env[name] !== ''
}

function adminProblems(given: AdminSettings, places: ReadonlyMap<string, string>): string[] {
  const admin = adminConfig(given)
  const exposure = admin === undefined ? undefined : exposureProblem(admin)
  if (exposure !== undefined) return [`${places.get('admin') ?? '--admin'}: ${exposure}`]
  // A token in the environment of a whole machine means nothing where nobody listens.
  const lone = ['adminTokenFile', 'adminHosts']
    .flatMap((key) => places.get(key) ?? [])
    .filter((place) => place.startsWith('--'))
  return admin === undefined ? lone.map((place) => `${place}: ${NEEDS_ADMIN}`) : []
}

function watchProblems({ watch, places }: Pick<GatheredSettings, 'watch' | 'places'>): string[] {
  return watch
    ? [`${places.get('watch') ?? '--watch'}: counts only with --config: there is no file to watch`]
    : []
}

interface Placed<Value> {
  readonly value: Value
  readonly place: string
}

/** The first argument is where to listen; what is not given comes from the environment. */
function positionals(
  argv: Argv,
  env: Env,
  unknown: readonly string[],
): { listen: Placed<string>; backends: Placed<string[]> & { places: (readonly [string, string])[] } } {
  const given = (Array.isArray(argv['backends']) ? argv['backends'] : []).map(String)
  const listen = textOf(argv['listen']) ?? (env['FAIRLEAD_LISTEN'] || undefined)
  const fromEnv = env['FAIRLEAD_BACKENDS'] || undefined
  const value = given.length > 0 ? given : fromEnv === undefined ? [] : [fromEnv]
  const isSpare = [argv['backup'], env['FAIRLEAD_BACKUP'] || undefined].some((backup) => backup !== undefined)
  if (listen === undefined) {
    const words = argv['_'] as unknown[]
    if (unknown.length > 0) throw new UsageError(unknown)
    if (words[0] === 'run') throw new UsageError(['no file: write fairlead run --config fairlead.yaml'])
    throw new UsageError([
      'nothing to do: write fairlead 8080 3001 3002 3003, or fairlead demo; fairlead help all tells more',
    ])
  }
  // An unknown flag takes the word behind it for its value.
  if (value.length === 0 && !isSpare)
    throw new UsageError(unknown.length > 0 ? unknown : [noBackends(listen)])
  return {
    listen: { value: listen, place: argv['listen'] === undefined ? 'FAIRLEAD_LISTEN' : 'listen' },
    backends: {
      value,
      place: 'backends',
      places: value.map(
        (_, i) => [`backends[${i}]`, given.length > 0 ? `backend ${i + 1}` : 'FAIRLEAD_BACKENDS'] as const,
      ),
    },
  }
}

/** Also what a file and a word get that stand alone where an address should. */
function noBackends(listen: string): string {
  if (/\.(?:ya?ml|json|[cm]?js|m?ts)$/.test(listen))
    return `${JSON.stringify(listen)} is no address; to run a file, write fairlead run --config ${listen}`
  if (/^[a-z]+$/i.test(listen))
    return `${JSON.stringify(listen)} is neither a command nor an address; fairlead help all lists the commands`
  return `no backends: write fairlead ${listen} 3001 3002 3003; fairlead help all tells more`
}

/** Problems of the library's options, told with the names that stand on the command line. */
function optionProblems(options: BalancerOptions, places: ReadonlyMap<string, string>): string[] {
  try {
    const { listeners } = resolveOptions(options)
    const accessLog = places.get('accessLog')
    const isTcp = listeners.every(({ http }) => http === undefined)
    return accessLog !== undefined && isTcp ? [`${accessLog}: ${COUNTS_ONLY_IN_HTTP}`] : []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ path, message }) => {
      const [, root = path] = /^(\w+)(?:\[|$)/.exec(path) ?? []
      return `${places.get(path) ?? places.get(root) ?? path}: ${message}`
    })
  }
}
