import { MOST_MS } from './limits.ts'
import type { Setting } from './setting.ts'

/** How the process logs, stops and moves bytes. */
export const processSettings = [
  {
    flag: 'log-level',
    key: 'logLevel',
    kind: 'choice',
    group: 'Logging',
    choices: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
    description: 'The least that is logged',
    commandOnly: true,
  },
  {
    flag: 'log-format',
    key: 'logFormat',
    kind: 'choice',
    group: 'Logging',
    choices: ['pretty', 'json'],
    unset: 'pretty on a terminal, else json',
    description: 'Lines for people, or JSON lines',
    commandOnly: true,
  },
  {
    flag: 'session-log',
    key: 'sessionLog',
    kind: 'boolean',
    group: 'Logging',
    default: 'true',
    description: 'Write no line for each session',
    commandOnly: true,
  },
  {
    flag: 'shutdown-timeout',
    key: 'shutdownTimeout',
    kind: 'duration',
    group: 'Process',
    default: '30s',
    min: 0,
    max: MOST_MS,
    description: 'How long a stop lets sessions finish; 0 = for ever',
  },
  {
    flag: 'io',
    key: 'io',
    kind: 'choice',
    group: 'Process',
    choices: ['auto', 'handles', 'sockets'],
    default: 'auto',
    description: 'How bytes are moved; sockets: only public parts of Node',
  },
] as const satisfies readonly Setting[]
