import type { Options } from 'yargs'
import { isRepeatable, type Setting } from '../config/setting.ts'
import { settings } from '../config/settings.ts'
import { BACKEND_FLAGS } from './backend-flags.ts'
import type { HelpTopic } from './help-text.ts'

type OptionTable = Readonly<Record<string, Options>>

/** The options of each command, as yargs needs to know them. */
export function yargsOptions(command: HelpTopic): OptionTable {
  return { ...OPTIONS[command], ...COMMON }
}

const COMMON: OptionTable = {
  help: { alias: 'h', type: 'boolean' },
  version: { alias: 'V', type: 'boolean' },
}

/**
 * Only switches and repeatable ones have a type: values are read, and complained about, in one place, which is
 * ours.
 */
const SETTINGS: OptionTable = Object.fromEntries(
  (settings as readonly Setting[]).map((setting): [string, Options] => {
    if (setting.kind === 'boolean') return [setting.flag, { type: 'boolean' }]
    return [setting.flag, isRepeatable(setting) ? { type: 'array' } : {}]
  }),
)

const OPTIONS: Readonly<Record<HelpTopic, OptionTable>> = {
  run: { config: {}, ...SETTINGS },
  check: { json: { type: 'boolean' }, print: { type: 'boolean' } },
  schema: {},
  demo: { port: {}, ...SETTINGS },
  backend: {
    port: {},
    name: {},
    host: {},
    kind: {},
    ...Object.fromEntries(
      BACKEND_FLAGS.map(({ flag, value }): [string, Options] => [
        flag,
        value === '' ? { type: 'boolean' } : {},
      ]),
    ),
    echo: { type: 'boolean' },
  },
  completion: {},
}
