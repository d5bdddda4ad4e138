import type { AdminSettings } from '../config/admin-config.ts'
import { Problems } from '../config/problems.ts'
import { readSetting } from '../config/read-setting.ts'
import { environmentName, isRepeatable, type Setting } from '../config/setting.ts'
import { settings } from '../config/settings.ts'
import type { LogLevel } from '../log/log.ts'
import type { Argv } from './argv.ts'
import type { LoggingOptions } from './requests.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface GatheredSettings {
  /** Options for the library; not read yet. */
  readonly options: Readonly<Record<string, unknown>>
  readonly logging: LoggingOptions
  /** undefined = none. */
  readonly pidFile: string | undefined
  /** Read; it may be open to all as yet. */
  readonly admin: AdminSettings
  readonly watch: boolean
  /** Option -> the flag or variable that set it. */
  readonly places: ReadonlyMap<string, string>
  /** What is wrong with the command's own settings. */
  readonly problems: readonly string[]
}

/** Collects what flags and environment say, flags first. Only known names of the environment are looked at. */
export function gatherSettings(argv: Argv, env: Env): GatheredSettings {
  const options: Record<string, unknown> = {}
  const own: Record<string, unknown> = {}
  const places = new Map<string, string>()
  const problems = new Problems()
  for (const setting of settings as readonly Setting[]) {
    const given = givenSetting(setting, argv, env)
    const fallback = setting.commandOnly === true ? setting.default : undefined
    const value = given === undefined ? fallback : given.value
    if (value === undefined) continue
    const place = given?.place ?? setting.flag
    places.set(setting.key, place)
    if (setting.commandOnly !== true) options[setting.key] = value
    else own[setting.key] = problems.attempt(place, () => readSetting(setting, value))
  }
  return {
    options,
    logging: {
      level: own['logLevel'] as LogLevel,
      format: own['logFormat'] as LoggingOptions['format'],
      sessions: own['sessionLog'] as boolean,
      accessLog: own['accessLog'] as LoggingOptions['accessLog'],
    },
    pidFile: own['pidFile'] as string | undefined,
    admin: {
      admin: own['admin'] as AdminSettings['admin'],
      adminTokenFile: own['adminTokenFile'] as string | undefined,
      adminHosts: own['adminHosts'] as readonly string[] | undefined,
    },
    watch: own['watch'] as boolean,
    places,
    problems: problems.list.map(({ path, message }) => `${path}: ${message}`),
  }
}

/** What a flag says, or else the environment; and where it stands. */
export function givenSetting(setting: Setting, argv: Argv, env: Env): Given | undefined {
  return fromFlag(setting, argv) ?? fromEnvironment(setting, env)
}

interface Given {
  readonly value: unknown
  readonly place: string
}

function fromFlag(setting: Setting, argv: Argv): Given | undefined {
  const value = argv[setting.flag]
  if (value === undefined) return undefined
  if (isRepeatable(setting)) {
    const values: unknown[] = Array.isArray(value) ? value : [value]
    return { place: `--${setting.flag}`, value: values.length === 0 ? [''] : values.map(orEmpty) }
  }
  // As everywhere on command lines, the last one counts.
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  if (setting.kind === 'boolean') {
    return { place: last === false ? `--no-${setting.flag}` : `--${setting.flag}`, value: last }
  }
  return { place: `--${setting.flag}`, value: orEmpty(last) }
}

/** yargs gives `true` for a flag without its value. */
function orEmpty(value: unknown): unknown {
  return typeof value === 'string' ? value : ''
}

function fromEnvironment(setting: Setting, env: Env): Given | undefined {
  const name = environmentName(setting.flag)
  const value = env[name]
  if (value !== undefined && value !== '') return { place: name, value }
  if (setting.kind === 'secret') return secretFrom(env, name.replace(/_FILE$/, ''))
  // `--no-eject` in capitals is what people try.
  const negated = environmentName(`no-${setting.flag}`)
  const negation = setting.kind === 'boolean' ? env[negated] : undefined
  if (negation === undefined || negation === '') return undefined
  return { place: negated, value: NEGATED[negation.trim().toLowerCase()] ?? negation }
}

/** No flag takes a secret itself: everybody on the machine can read the arguments of a process. */
function secretFrom(env: Env, name: string): Given | undefined {
  const secret = env[name]
  return secret === undefined || secret === '' ? undefined : { place: name, value: { secret } }
}

const NEGATED: Readonly<Record<string, string | undefined>> = {
  true: 'false',
  1: 'false',
  yes: 'false',
  on: 'false',
  false: 'true',
  0: 'true',
  no: 'true',
  off: 'true',
}
