import { helpLines, type HelpLine, helpWidth, wrap } from '../help-lines.ts'
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

const FLAG_WIDTH = 28

/** The help of one command, made to fit `columns`. */
export function operateHelp(command: OperateCommand, { columns }: { readonly columns: number }): string {
  const { name, words, summary, flags, notes = [] } = command
  const width = helpWidth(columns)
  const usage = ['fairlead', name, words, '[options]'].filter((part) => part !== '').join(' ')
  const own = [...flags.filter((flag) => flag !== JSON_FLAG), ...flags.filter((flag) => flag === JSON_FLAG)]
  const options = [
    ...own.map(lineOf),
    ...REACH_FLAGS.map(lineOf),
    { flag: '-h, --help', text: 'Show this help' },
  ]
  return [
    `${summary}.`,
    '',
    'Usage:',
    `  ${usage}`,
    '',
    'Options:',
    ...helpLines(options, width, FLAG_WIDTH),
    '',
    ...notes.flatMap((note) => wrap(note, width)),
    ...wrap(EXIT_CODES, width),
    '',
  ].join('\n')
}

const EXIT_CODES = 'Exit codes: 0 done, 1 failed or not reached, 2 wrong usage, 3 the answer is no.'

function lineOf({ flag, value, text }: OperateFlag): HelpLine {
  return { flag: `--${flag}${value === undefined ? '' : ` ${value}`}`, text }
}
