import { JSON_FLAG, type OperateCommand, type OperateFlag } from './operate-command.ts'

/** Where the balancer is, and how to be let in; every command has these. */
export const REACH_FLAGS: readonly OperateFlag[] = [
  {
    flag: 'admin',
    kind: 'text',
    value: '<address>',
    text: 'Its admin listener: port, host:port or unix:/path; also FAIRLEAD_ADMIN [127.0.0.1:8090]',
  },
  {
    flag: 'admin-token-file',
    kind: 'text',
    value: '<file>',
    text: 'File with the token that it wants; also FAIRLEAD_ADMIN_TOKEN_FILE, FAIRLEAD_ADMIN_TOKEN',
  },
]

const FLAG_WIDTH = 24

export function operateHelp({ name, words, summary, flags, notes = [] }: OperateCommand): string {
  const usage = ['fairlead', name, words, '[options]'].filter((part) => part !== '').join(' ')
  const own = [...flags.filter((flag) => flag !== JSON_FLAG), ...flags.filter((flag) => flag === JSON_FLAG)]
  return [
    `${summary}.`,
    '',
    'Usage:',
    `  ${usage}`,
    '',
    'Options:',
    ...[...own, ...REACH_FLAGS].map(flagLine),
    `  ${'-h, --help'.padEnd(FLAG_WIDTH)}Show this help`,
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
    'Exit codes: 0 done, 1 failed or not reached, 2 wrong usage, 3 the answer is no.',
    '',
  ].join('\n')
}

function flagLine({ flag, value, text }: OperateFlag): string {
  return `  ${`--${flag}${value === undefined ? '' : ` ${value}`}`.padEnd(FLAG_WIDTH)}${text}`
}
