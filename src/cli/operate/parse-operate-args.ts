import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
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
): Promise<OperateRequest | 'help' | 'version'> {
  const flags = [...command.flags, ...REACH_FLAGS]
  const { words, given, isHelp, isVersion } = cut(args, flags)
  if (isHelp) return 'help'
  if (isVersion) return 'version'
  const problems: string[] = []
  const texts = new Map<string, string>()
  const numbers = new Map<string, number>()
  for (const [name, value] of given) {
    const flag = flags.find((known) => known.flag === name)
    if (flag === undefined) problems.push(unknownFlag(name, { command, flags }))
    else attempt(`--${name}`, problems, () => readFlag(flag, value, { texts, numbers }))
  }
  problems.push(...wordProblems(words, command), ...(command.check?.({ words, texts }) ?? []))
  const admin = texts.get('admin')
  const address = attempt(admin === undefined ? 'FAIRLEAD_ADMIN' : '--admin', problems, () =>
    parseAdmin(admin ?? (env['FAIRLEAD_ADMIN'] || DEFAULT_ADMIN)),
  )
  const token = await readToken(texts.get('admin-token-file'), { env, problems })
  if (problems.length > 0 || address === undefined) throw new UsageError(problems)
  return { address, token, words, texts, numbers }
}

interface Cut {
  readonly words: readonly string[]
  /** A flag given twice counts as given last. Without a value: undefined. */
  readonly given: ReadonlyMap<string, string | undefined>
  readonly isHelp: boolean
  readonly isVersion: boolean
}

/** By Node's own parser: scripts call these commands again and again, and yargs takes as long to load as all the rest. */
function cut(args: readonly string[], flags: readonly OperateFlag[]): Cut {
  const options = Object.fromEntries(
    flags.map(({ flag, kind }) => [flag, { type: kind === 'switch' ? 'boolean' : 'string' } as const]),
  )
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'V' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given = new Map(tokens.flatMap((each) => (each.kind === 'option' ? [[each.name, each.value]] : [])))
  const isHelp = given.delete('help')
  const isVersion = given.delete('version')
  return { words: positionals, given, isHelp, isVersion }
}

function unknownFlag(
  name: string,
  { command, flags }: { readonly command: OperateCommand; readonly flags: readonly OperateFlag[] },
): string {
  const written = `${name.length === 1 ? '-' : '--'}${name}`
  const known = [...flags.map(({ flag }) => flag), 'help', 'version']
  const nearest = name.length === 1 ? undefined : nearestName(name, known)
  const hint =
    nearest === undefined ? `; fairlead ${command.name} --help lists them` : `; did you mean --${nearest}?`
  return `${written} is not an option${hint}`
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
  value: string | undefined,
  into: { readonly texts: Map<string, string>; readonly numbers: Map<string, number> },
): void {
  if (kind === 'switch' && value !== undefined) throw new InvalidValueError('takes no value')
  if (kind !== 'switch' && (value === undefined || value === '')) throw new InvalidValueError(`needs ${form}`)
  const text = value ?? ''
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
  if (text.startsWith('https://')) {
    throw new InvalidValueError(`an admin listener speaks no TLS: write ${text.replace('https', 'http')}`)
  }
  const bare = text.replace(/^http:\/\//, '').replace(/\/$/, '')
  if (/^\d+$/.test(bare)) return { kind: 'tcp', host: '127.0.0.1', port: parsePort(bare, { lowest: 1 }) }
  return parseHostPort(bare, { lowest: 1 })
}

async function readToken(
  file: string | undefined,
  { env, problems }: { readonly env: Env; readonly problems: string[] },
): Promise<string | undefined> {
  const path = file ?? (env['FAIRLEAD_ADMIN_TOKEN_FILE'] || undefined)
  if (path === undefined) {
    const token = env['FAIRLEAD_ADMIN_TOKEN'] || undefined
    if (token !== undefined && !TOKEN.test(token)) problems.push(`FAIRLEAD_ADMIN_TOKEN: ${NO_TOKEN}`)
    return token
  }
  const place = file === undefined ? 'FAIRLEAD_ADMIN_TOKEN_FILE' : '--admin-token-file'
  try {
    const token = (await readFile(path, 'utf8')).trim()
    if (!TOKEN.test(token))
      problems.push(`${place}: ${JSON.stringify(path)} ${token === '' ? 'is empty' : NO_TOKEN}`)
    return token
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    problems.push(
      `${place}: cannot read ${JSON.stringify(path)}: ${code === 'ENOENT' ? 'there is no such file' : code}`,
    )
    return undefined
  }
}

/** What a field of a request can hold. */
const TOKEN = /^[\x21-\x7e]+$/
const NO_TOKEN = 'is no token: it may have no blanks and only ASCII'

function attempt<T>(place: string, problems: string[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error
    problems.push(`${place}: ${error.message}`)
    return undefined
  }
}
