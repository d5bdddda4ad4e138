import { nearestName } from '../config/nearest-name.ts'
import { flagText, type Setting } from '../config/setting.ts'
import { settings } from '../config/settings.ts'
import { operateNames } from './operate/outlines.ts'
import type { Argv } from './argv.ts'
import { UsageError } from './usage-error.ts'
import type { HelpTopic } from './help-text.ts'
import { yargsOptions } from './yargs-options.ts'

const COMMANDS = ['run', 'demo', 'backend', 'check', 'schema', 'completion', 'help', ...operateNames]

/** What users of other balancers may call an option. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  strategy: 'balance',
  algorithm: 'balance',
  policy: 'balance',
}

/**
 * Lines about flags that the command does not know.
 *
 * @throws {UsageError} when the command itself is mistyped; whatever else is wrong follows from that.
 */
export function assertKnown(argv: Argv, command: HelpTopic): string[] {
  if (command === 'run') assertNoMistypedCommand(argv)
  const words = argv['_'] as unknown[]
  // `run` need not be written.
  const extra = words.slice(words[0] === command ? 1 : 0)
  const known = Object.keys(yargsOptions(command))
  const accepted = new Set([...known, 'h', 'V', '_', '$0', 'listen', 'backends', 'file', 'shell'])
  const unknown = Object.keys(argv).filter((key) => !accepted.has(key))
  return [
    ...unknown.map((key) => unknownFlag(key, { negated: argv[key] === false, known, command })),
    ...extra.map((word) => unexpected(word, { known, command })),
  ]
}

function unexpected(
  word: unknown,
  { known, command }: { readonly known: readonly string[]; readonly command: HelpTopic },
): string {
  const isPort = known.includes('port') && /^\d+$/.test(String(word))
  const help = isPort ? `did you mean --port ${String(word)}?` : `see fairlead ${command} --help`
  return `${JSON.stringify(String(word))} is not expected here; ${help}`
}

/**
 * `fairlead help dmeo`
 *
 * @throws {UsageError}
 */
export function assertTopic(word: string | undefined): void {
  if (word === undefined || word.startsWith('-') || [...COMMANDS, 'all'].includes(word)) return
  const meant = commandMeant(word)
  const hint = meant === undefined ? 'fairlead help all lists them' : `did you mean fairlead help ${meant}?`
  throw new UsageError([`${JSON.stringify(word)} is not a command; ${hint}`])
}

function commandMeant(word: string): string | undefined {
  return nearestName(word, COMMANDS) ?? COMMANDS.find((command) => command.startsWith(word))
}

/** `fairlead dmeo`: a word where an address should be. */
function assertNoMistypedCommand(argv: Argv): void {
  const word = argv['listen']
  if (typeof word !== 'string' || !/^[a-z]+$/i.test(word)) return
  const meant = commandMeant(word)
  if (meant === undefined) return
  throw new UsageError([
    `${JSON.stringify(word)} is neither a command nor an address; did you mean fairlead ${meant}?`,
  ])
}

function unknownFlag(
  key: string,
  facts: { readonly negated: boolean; readonly known: readonly string[]; readonly command: HelpTopic },
): string {
  const written = key.length === 1 ? `-${key}` : `--${facts.negated ? 'no-' : ''}${key}`
  // Alone it would have been taken for its switch.
  if (isSwitch(key.replace(/^no-/, '')) && key.startsWith('no-')) return `${written}: takes no value`
  const nearest = key.length === 1 ? undefined : nearestOption(key, facts.known)
  if (nearest !== undefined)
    return `${written} is not an option; did you mean ${spelled(nearest, facts.negated)}?`
  const help = facts.command === 'run' ? 'fairlead help all' : `fairlead help ${facts.command} all`
  return `${written} is not an option; ${help} lists them`
}

function isSwitch(flag: string): boolean {
  return settings.some((setting) => setting.flag === flag && setting.kind === 'boolean')
}

function nearestOption(key: string, known: readonly string[]): string | undefined {
  const elsewhere = Object.keys(ELSEWHERE).filter((name) => known.includes(ELSEWHERE[name] as string))
  const nearest = nearestName(key, [...known, ...elsewhere])
  return nearest === undefined ? undefined : (ELSEWHERE[nearest] ?? nearest)
}

function spelled(flag: string, negated: boolean): string {
  const setting: Setting | undefined = settings.find((known) => known.flag === flag)
  return negated && setting?.kind === 'boolean' ? flagText(setting) : `--${flag}`
}
