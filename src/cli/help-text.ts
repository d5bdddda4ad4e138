import { BACKEND_FLAGS, BACKEND_KINDS } from './backend-flags.ts'
import { helpLines, type HelpLine, helpWidth } from './help-lines.ts'
import { outlines } from './operate/outlines.ts'
import { flagText, type Setting } from '../config/setting.ts'
import { settings } from '../config/settings.ts'

export type HelpTopic = 'run' | 'check' | 'schema' | 'demo' | 'backend' | 'completion'

/**
 * The help of a command, made to fit `columns`: one screen with what is needed most, or everything. The table of
 * settings says what there is.
 */
export function helpText(topic: HelpTopic, { columns, all }: { columns: number; all: boolean }): string {
  const width = helpWidth(columns)
  const page = all ? PAGES[topic] : (SHORT_PAGES[topic] ?? PAGES[topic])
  return `${page(width).join('\n')}\n`
}

const FLAG_WIDTH = 33
const SHORT_FLAG_WIDTH = 24

type Page = (width: number) => string[]

/** What most people need most of the time. */
const OFTEN_NEEDED = ['balance', 'backup', 'sticky', 'check', 'check-path']

const BACKEND_OFTEN = /^--(?:port|name|host|kind|delay|unhealthy|echo)\b/

/** One screen: 24 lines of 80 columns. */
const SHORT_PAGES: Readonly<Partial<Record<HelpTopic, Page>>> = {
  run: (width) => [
    'fairlead balances TCP connections, and HTTP requests, over backends.',
    '',
    '  fairlead <listen> <backends..> [options]   fairlead 8080 3001 3002 3003',
    '  fairlead run --config fairlead.yaml        what a file says',
    '  fairlead check fairlead.yaml               whether that file is good',
    '  fairlead demo                              three backends and a balancer',
    '  fairlead backend --port 3001 --name a      one backend, to try it',
    '  fairlead completion bash|zsh|fish          completion for your shell',
    '  fairlead status, top, drain, events, ...   a balancer that runs: fairlead help all',
    '',
    ...often(width),
    '',
    'fairlead help all tells the rest: addresses, examples, every option. Each option',
    'is a variable too (--check-path: FAIRLEAD_CHECK_PATH).',
  ],
  demo: (width) => [
    'Three HTTP backends and a balancer before them, in one process.',
    '',
    '  fairlead demo [options]',
    '',
    ...often(width, { settings: demoSettings, before: DEMO }),
    '',
    'fairlead help demo all tells every option.',
  ],
  backend: (width) => [
    'One backend, to try things with. It answers HTTP with its name, its count and the',
    'request that it got, or misbehaves on purpose: --kind. /health says how it is; POST',
    '/health/fail and POST /health/ok switch that.',
    '',
    '  fairlead backend --port 3001 --name a [options]',
    '  fairlead backend --port 3002 --kind resetting --after-bytes 100',
    '',
    ...lines([...BACKEND.filter(({ flag }) => BACKEND_OFTEN.test(flag)), ...COMMON], width, SHORT_FLAG_WIDTH),
    '',
    'fairlead help backend all tells what each kind takes.',
  ],
}

const PAGES: Readonly<Record<HelpTopic, Page>> = {
  run: (width) => [
    'fairlead balances TCP connections, and HTTP requests, over backends.',
    '',
    'Usage:',
    '  fairlead <listen> <backends..> [options]',
    '  fairlead run --config fairlead.yaml       what a file says; options replace its defaults',
    '  fairlead check fairlead.yaml              whether a file is good, and what it would run',
    '  fairlead schema                           the JSON Schema of such files',
    '  fairlead demo                             three backends and a balancer, to try it',
    '  fairlead backend --port 3001 --name a     one backend that tells what it received',
    '  fairlead completion bash|zsh|fish         completion for your shell',
    '',
    'Examples:',
    '  fairlead 8080 3001 3002 3003',
    '  fairlead 8080 http://app1:3000 http://app2:3000 --sticky cookie',
    '  fairlead 5432 db1:5432 db2:5432 --backup db3:5432',
    '  fairlead 80 a=http://app1:8080@5 b=http://app2:8080 --check http --check-path /ready',
    '',
    'With a balancer that runs with --admin (fairlead help status tells where it is looked for):',
    ...lines(OPERATE, width, FLAG_WIDTH + 2),
    '',
    'Addresses:',
    ...lines(ADDRESSES, width),
    ...settingGroups(width),
    '',
    'Other:',
    ...lines(RUN, width),
    ...lines(COMMON, width),
    '',
    'Durations are written 250ms, 2s, 1m30s, 1h, sizes 500, 16KiB, 10MB. Every option is an',
    'environment variable too (--check-path: FAIRLEAD_CHECK_PATH), and so are the arguments',
    '(FAIRLEAD_LISTEN, FAIRLEAD_BACKENDS, FAIRLEAD_CONFIG); flags win. Exit codes: 0 done or',
    'drained, 1 failed, 2 wrong usage or configuration, 3 the answer is no.',
  ],
  check: (width) => [
    'Reads a configuration (YAML, JSON or a module) and says whether it is good: every problem with its',
    'line, or what it would run. Nothing is opened. Exit codes: 0 good, 2 not.',
    '',
    'Usage:',
    '  fairlead check <file> [options]',
    '',
    'Options:',
    ...lines(CHECK, width),
    ...lines(COMMON, width),
  ],
  schema: (width) => [
    'Prints the JSON Schema of configuration files. The package holds it too: fairlead/schema.json.',
    '',
    'Usage:',
    '  fairlead schema > fairlead.schema.json',
    '',
    'Options:',
    ...lines(COMMON, width),
  ],
  demo: (width) => [
    'Three HTTP backends and a balancer before them, in one process.',
    '',
    'Usage:',
    '  fairlead demo [options]',
    '',
    'Options:',
    ...lines(DEMO, width),
    ...settingGroups(width, demoSettings),
    '',
    'Other:',
    ...lines(COMMON, width),
  ],
  backend: (width) => [
    'One backend, to try things with. It answers HTTP with its name, its count and the request that',
    'it got, or misbehaves on purpose: --kind.',
    '/health says how it is; POST /health/fail and POST /health/ok switch that.',
    '',
    'Usage:',
    '  fairlead backend --port 3001 --name a [options]',
    '  fairlead backend --port 3002 --kind resetting --after-bytes 100',
    '',
    'Options:',
    ...lines(BACKEND, width),
    ...lines(COMMON, width),
  ],
  completion: () => [
    'Prints what a shell needs to complete the words of fairlead.',
    '',
    '  fairlead completion bash > /etc/bash_completion.d/fairlead',
    '  fairlead completion zsh > ~/.zsh/completions/_fairlead    a folder of $fpath',
    '  fairlead completion fish > ~/.config/fish/completions/fairlead.fish',
    '',
    'Or for this shell alone: source <(fairlead completion bash)',
  ],
}

const OPERATE: readonly HelpLine[] = outlines.map(({ name, words, summary }) => ({
  flag: `fairlead ${name} ${words}`.trimEnd(),
  text: summary,
}))

const ADDRESSES: readonly HelpLine[] = [
  { flag: '<listen>', text: '8080 (all interfaces), 127.0.0.1:8080, [::1]:8080, unix:/run/lb.sock' },
  {
    flag: '<backends..>',
    text: '3001 (127.0.0.1), host:3001, [::1]:3001, unix:/path, tls://host:port, http://host; name=address@weight',
  },
]

const COMMON: readonly HelpLine[] = [
  { flag: '-h, --help', text: 'Show this help' },
  { flag: '-V, --version', text: 'Show the version' },
]

const RUN: readonly HelpLine[] = [
  { flag: '--config <file>', text: 'Configuration: .yaml, .json, or a module (.mjs, .js, .ts)' },
]

const CHECK: readonly HelpLine[] = [
  { flag: '--print', text: 'Print the configuration with every default, secrets hidden' },
  { flag: '--json', text: 'Print JSON, for programs' },
]

const DEMO: readonly HelpLine[] = [
  {
    flag: '--port <port>',
    text: 'Port of the balancer, or the next free one; also PROXY_PORT',
    fallback: '8080',
  },
]

const BACKEND: readonly HelpLine[] = [
  { flag: '--port <port>', text: 'Port to listen on, 0 for a free one; also SERVER_PORT', fallback: '3001' },
  { flag: '--name <name>', text: 'What it calls itself; also SERVER_NAME', fallback: 'backend' },
  { flag: '--host <address>', text: 'Address to listen on', fallback: '127.0.0.1' },
  { flag: '--kind <kind>', text: `What it does: ${BACKEND_KINDS.join(', ')}`, fallback: 'http' },
  ...BACKEND_FLAGS.map(({ flag, kinds, value, text }): HelpLine => ({
    flag: `--${flag} ${value}`.trimEnd(),
    text: `${text} (${kinds.join(', ')})`,
  })),
]

/** What the demo has from the start; `readDemoRequest` says so. */
const OF_DEMO: Readonly<Record<string, Partial<Setting>>> = {
  mode: { default: 'http' },
  explain: { default: 'true', description: 'Do not tell in the response who served it' },
  check: { default: 'http' },
  admin: { default: '8090; also DASHBOARD_PORT' },
}

/** It has no file to watch. */
const demoSettings: readonly Setting[] = (settings as readonly Setting[])
  .filter(({ flag }) => flag !== 'watch')
  .map((setting) => ({ ...setting, ...OF_DEMO[setting.flag] }))

function often(
  width: number,
  from: { readonly settings: readonly Setting[]; readonly before?: readonly HelpLine[] } = { settings },
): string[] {
  const flags = OFTEN_NEEDED.flatMap((name) => {
    const setting = from.settings.find(({ flag }) => flag === name)
    return setting === undefined ? [] : [lineOf(setting)]
  })
  return lines([...(from.before ?? []), ...flags, ...COMMON], width, SHORT_FLAG_WIDTH)
}

function settingGroups(width: number, all: readonly Setting[] = settings): string[] {
  const groups = [...new Set(all.map(({ group }) => group))]
  return groups.flatMap((group) => [
    '',
    `${group}:`,
    ...lines(all.filter((setting) => setting.group === group).map(lineOf), width),
  ])
}

function lineOf(setting: Setting): HelpLine {
  const value = placeholder(setting)
  const flag = value === '' ? flagText(setting) : `${flagText(setting)} ${value}`
  const isNamed = setting.kind === 'choice' && value === '<name>'
  const text = isNamed ? `${setting.description}: ${setting.choices?.join(', ')}` : setting.description
  const fallback = setting.kind === 'boolean' ? undefined : (setting.default ?? setting.unset)
  return fallback === undefined ? { flag, text } : { flag, text, fallback }
}

/** Short choices stand in the flag, long ones in the description. */
function placeholder(setting: Setting): string {
  if (setting.kind !== 'choice') return PLACEHOLDERS[setting.kind]
  const choices = (setting.choices ?? []).join('|')
  return choices.length + setting.flag.length + 5 <= FLAG_WIDTH ? choices : '<name>'
}

const PLACEHOLDERS: Readonly<Record<Exclude<Setting['kind'], 'choice'>, string>> = {
  duration: '<time>',
  integer: '<n>',
  boolean: '',
  text: '<text>',
  path: '<path>',
  statuses: '<codes>',
  headers: '<header>',
  backends: '<backend>',
  size: '<size>',
  networks: '<network>',
  token: '<name>',
  tokens: '<protocol>',
  pseudonym: '<name>',
  sticky: '<how>',
  certificates: '<file>',
  folder: '<folder>',
  admin: '<address>',
  hosts: '<name>',
  secret: '<file>',
}

function lines(entries: readonly HelpLine[], width: number, flagWidth = FLAG_WIDTH): string[] {
  return helpLines(entries, width, flagWidth)
}
