import { readFile } from 'node:fs/promises'
import yargs from 'yargs'
import { InvalidValueError } from '../../config/invalid-value.ts'
import { nearestName } from '../../config/nearest-name.ts'
import { parseDuration } from '../../config/parse-duration.ts'
import { parseHostPort, parsePort, parseUnixPath } from '../../config/parse-host-port.ts'
import type { Address } from '../../core/address.ts'
import { UsageError } from '../usage-error.ts'
import type { OperateCommand, OperateFlag } from './operate-command.ts'
import { REACH_FLAGS } from './operate-help.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface OperateRequest {
  readonly address: Address
  readonly token: string | undefined
  readonly words: readonly string[]
  /** Flags that were given; switches have an empty text. */
  readonly texts: ReadonlyMap<string, string>
  readonly numbers: ReadonlyMap<string, number>
}

const DEFAULT_ADMIN = '127.0.0.1:8090'

/** @throws {UsageError} with everything that is wrong */
export async function parseOperateArgs(
  command: OperateCommand,
  { args, env }: { readonly args: readonly string[]; readonly env: Env },
): Promise<OperateRequest | 'help'> {
  const flags = [...command.flags, ...REACH_FLAGS]
  const argv = await cut(args, flags)
  if (argv['help'] === true) return 'help'
  const problems = unknownFlags(argv, { command, flags })
  const words = (argv['_'] as unknown[]).map(String)
  problems.push(...wordProblems(words, command))
  const texts = new Map<string, string>()
  const numbers = new Map<string, number>()
  for (const flag of flags) {
    const value = lastOf(argv[flag.flag])
    if (value === undefined || value === false) continue
    try {
      readFlag(flag, value, { texts, numbers })
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error
      problems.push(`--${flag.flag}: ${error.message}`)
    }
  }
  const given = texts.get('admin')
  const address = attempt(given === undefined ? 'FAIRLEAD_ADMIN' : '--admin', problems, () =>
    parseAdmin(given ?? (env['FAIRLEAD_ADMIN'] || DEFAULT_ADMIN)),
  )
  const token = await readToken(texts.get('admin-token-file'), { env, problems })
  if (problems.length > 0 || address === undefined) throw new UsageError(problems)
  return { address, token, words, texts, numbers }
}

async function cut(args: readonly string[], flags: readonly OperateFlag[]): Promise<Record<string, unknown>> {
  const switches = flags.filter(({ kind }) => kind === 'switch').map(({ flag }) => flag)
  return await yargs()
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
    })
    .options({
      help: { alias: 'h', type: 'boolean' },
      ...Object.fromEntries(switches.map((flag) => [flag, { type: 'boolean' as const }])),
    })
    .parseAsync([...args])
}

function unknownFlags(
  argv: Readonly<Record<string, unknown>>,
  { command, flags }: { readonly command: OperateCommand; readonly flags: readonly OperateFlag[] },
): string[] {
  const known = flags.map(({ flag }) => flag)
  const accepted = new Set([...known, 'help', 'h', '_', '$0'])
  return Object.keys(argv)
    .filter((key) => !accepted.has(key))
    .map((key) => {
      const nearest = key.length === 1 ? undefined : nearestName(key, known)
      const hint =
        nearest === undefined
          ? `; fairlead ${command.name} --help lists them`
          : `; did you mean --${nearest}?`
      return `${key.length === 1 ? '-' : '--'}${key} is not an option${hint}`
    })
}

function wordProblems(
  words: readonly string[],
  { name, words: wanted, least, most }: OperateCommand,
): string[] {
  if (words.length < least) return [`say which: fairlead ${name} ${wanted}`]
  return words
    .slice(most)
    .map((word) => `${JSON.stringify(word)} is not expected here; see fairlead ${name} --help`)
}

function readFlag(
  { flag, kind, value: form = 'a value' }: OperateFlag,
  value: unknown,
  into: { readonly texts: Map<string, string>; readonly numbers: Map<string, number> },
): void {
  const text = typeof value === 'string' ? value : ''
  if (kind !== 'switch' && text === '') throw new InvalidValueError(`needs ${form}`)
  into.texts.set(flag, text)
  if (kind === 'duration') into.numbers.set(flag, parseDuration(text) ?? notA('a duration such as 30s', text))
  if (kind === 'integer')
    into.numbers.set(flag, /^\d{1,9}$/.test(text) ? Number(text) : notA('a whole number', text))
}

function notA(what: string, text: string): never {
  throw new InvalidValueError(`must be ${what}, not ${JSON.stringify(text)}`)
}

/** `8090`, `host:8090`, `unix:/run/fairlead.sock`, and the URL that a browser shows. */
function parseAdmin(text: string): Address {
  if (text.startsWith('unix:')) return parseUnixPath(text.slice('unix:'.length))
  const bare = text.replace(/^http:\/\//, '').replace(/\/$/, '')
  if (/^\d+$/.test(bare)) return { kind: 'tcp', host: '127.0.0.1', port: parsePort(bare, { lowest: 1 }) }
  return parseHostPort(bare, { lowest: 1 })
}

async function readToken(
  file: string | undefined,
  { env, problems }: { readonly env: Env; readonly problems: string[] },
): Promise<string | undefined> {
  const path = file ?? (env['FAIRLEAD_ADMIN_TOKEN_FILE'] || undefined)
  if (path === undefined) return env['FAIRLEAD_ADMIN_TOKEN'] || undefined
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const place = file === undefined ? 'FAIRLEAD_ADMIN_TOKEN_FILE' : '--admin-token-file'
    problems.push(
      `${place}: cannot read ${JSON.stringify(path)}: ${(error as NodeJS.ErrnoException).code ?? ''}`,
    )
    return undefined
  }
}

function attempt<T>(place: string, problems: string[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error
    problems.push(`${place}: ${error.message}`)
    return undefined
  }
}

/** A flag given twice counts as given last. */
function lastOf(value: unknown): unknown {
  return Array.isArray(value) ? value.at(-1) : value
}
