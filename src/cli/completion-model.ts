import type { BackendFlag } from './backend-flags.ts'
import { BACKEND_FLAGS, BACKEND_KINDS } from './backend-flags.ts'
import { flagText, type Setting } from '../config/setting.ts'
import { settings } from '../config/settings.ts'
import { operateCommands } from './operate/commands.ts'
import type { OperateFlag } from './operate/operate-command.ts'
import { REACH_FLAGS } from './operate/operate-help.ts'
import { operateNames } from './operate/outlines.ts'

/** A flag with its dashes, and what comes behind it: nothing, one of several words, a file, a folder, or anything. */
export interface CompletedFlag {
  readonly flag: string
  readonly description: string
  readonly value: 'none' | 'any' | 'file' | 'folder' | readonly string[]
}

export interface CompletedCommand {
  /** Empty where balancing needs no command. */
  readonly name: string
  readonly description: string
  readonly flags: readonly CompletedFlag[]
  /** What may stand without a flag: one of several words, or a file. */
  readonly words: 'file' | readonly string[]
}

/** Everything that can be completed. A test holds it against what the commands take. */
export function completionModel(): CompletedCommand[] {
  const ofSettings = (settings as readonly Setting[]).map(flagOf)
  return [
    { name: '', description: 'Balance', flags: [CONFIG, ...ofSettings, ...COMMON], words: [] },
    {
      name: 'run',
      description: 'Balance, as a configuration file says',
      flags: [CONFIG, ...ofSettings, ...COMMON],
      words: [],
    },
    {
      name: 'check',
      description: 'Whether a configuration file is good',
      flags: [
        { flag: '--print', description: 'Print it with every default', value: 'none' },
        { flag: '--json', description: 'Print JSON', value: 'none' },
        ...COMMON,
      ],
      words: 'file',
    },
    { name: 'schema', description: 'The JSON Schema of configuration files', flags: COMMON, words: [] },
    {
      name: 'demo',
      description: 'Three backends and a balancer, to try it',
      flags: [PORT, ...ofSettings, ...COMMON],
      words: [],
    },
    {
      name: 'backend',
      description: 'One backend that tells what it received',
      flags: [...BACKEND, ...COMMON],
      words: [],
    },
    ...operateCommands.map(({ name, summary, flags }): CompletedCommand => ({
      name,
      description: summary,
      flags: [...[...flags, ...REACH_FLAGS].map(operateFlag), ...COMMON.slice(0, 1)],
      words: [],
    })),
    {
      name: 'completion',
      description: 'Completion for your shell',
      flags: COMMON,
      words: ['bash', 'zsh', 'fish'],
    },
    {
      name: 'help',
      description: 'What there is',
      flags: [],
      words: ['run', 'demo', 'backend', 'check', 'schema', 'completion', 'all', ...operateNames],
    },
  ]
}

function operateFlag({ flag, kind, text, value }: OperateFlag): CompletedFlag {
  const what = kind === 'switch' ? 'none' : value === '<file>' ? 'file' : 'any'
  return { flag: `--${flag}`, description: text, value: what }
}

function flagOf(setting: Setting): CompletedFlag {
  return { flag: flagText(setting), description: setting.description, value: valueOf(setting) }
}

function valueOf({ kind, choices, flag }: Setting): CompletedFlag['value'] {
  if (kind === 'boolean') return 'none'
  if (kind === 'folder') return 'folder'
  if (kind === 'certificates' || flag.endsWith('-file')) return 'file'
  return choices ?? 'any'
}

const CONFIG: CompletedFlag = { flag: '--config', description: 'Configuration file', value: 'file' }

const PORT: CompletedFlag = { flag: '--port', description: 'Port to listen on', value: 'any' }

const BACKEND: readonly CompletedFlag[] = [
  PORT,
  { flag: '--name', description: 'What it calls itself', value: 'any' },
  { flag: '--host', description: 'Address to listen on', value: 'any' },
  { flag: '--kind', description: 'What it is', value: BACKEND_KINDS },
  ...(BACKEND_FLAGS as readonly BackendFlag[]).map(({ flag, text, value }): CompletedFlag => ({
    flag: `--${flag}`,
    description: text,
    value: value === '' ? 'none' : value === '<json>' ? 'file' : 'any',
  })),
  { flag: '--echo', description: 'The same as --kind echo', value: 'none' },
]

const COMMON: readonly CompletedFlag[] = [
  { flag: '--help', description: 'Show what there is', value: 'none' },
  { flag: '--version', description: 'Show the version', value: 'none' },
]
