import yargs from 'yargs'
import type { Argv } from './argv.ts'
import { assertTopic } from './assert-known.ts'
import type { CommandContext } from './context.ts'
import { helpText, type HelpTopic } from './help-text.ts'
import { readBackendRequest } from './read-backend-request.ts'
import { readCompletionRequest } from './read-completion-request.ts'
import {
  configFileOf,
  readCheckRequest,
  readRunFileRequest,
  readSchemaRequest,
} from './read-file-requests.ts'
import type { Request } from './requests.ts'
import { spellOutSwitches } from './spell-out-switches.ts'
import { yargsOptions } from './yargs-options.ts'

/**
 * Turns arguments and environment into a request.
 *
 * yargs finds the command and cuts flags from values. The values are read by the table of settings, which also
 * makes the help; unknown flags are reported here, since yargs would not say what was meant instead.
 *
 * @throws {UsageError}
 */
export async function parseArgs(
  args: readonly string[],
  context: Pick<CommandContext, 'env' | 'columns'>,
): Promise<Request> {
  const { env, columns } = context
  if (args[0] === 'help') assertTopic(args[1])
  const { words, all } = helpWords(args)
  const asked = spellOutSwitches(words)
  let request: Request | undefined
  const found =
    (topic: HelpTopic, read: (argv: Argv) => Request | Promise<Request>) => async (argv: Argv) => {
      if (argv['help'] === true) request = { command: 'help', text: helpText(topic, { columns, all }) }
      else if (argv['version'] === true) request = { command: 'version' }
      else request = await read(argv)
    }
  await yargs()
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .command(
      ['run [listen] [backends..]', '$0'],
      'balance',
      (command) => command.options(yargsOptions('run')),
      found('run', async (argv) => {
        const file = configFileOf(argv, env)
        if (file !== undefined) return readRunFileRequest(file, argv, env)
        // It checks what it reads, by schemas that help and version do without.
        const { readRunRequest } = await import('./read-requests.ts')
        return readRunRequest(argv, env)
      }),
    )
    .command(
      'check [file]',
      'whether a configuration is good',
      (command) => command.options(yargsOptions('check')),
      found('check', readCheckRequest),
    )
    .command(
      'schema',
      'the JSON Schema of configurations',
      (command) => command.options(yargsOptions('schema')),
      found('schema', readSchemaRequest),
    )
    .command(
      'demo',
      'try it',
      (command) => command.options(yargsOptions('demo')),
      found('demo', async (argv) => {
        const { readDemoRequest } = await import('./read-requests.ts')
        return readDemoRequest(argv, env)
      }),
    )
    .command(
      'backend',
      'one backend',
      (command) => command.options(yargsOptions('backend')),
      found('backend', (argv) => readBackendRequest(argv, env)),
    )
    .command(
      'completion [shell]',
      'completion',
      (command) => command.options(yargsOptions('completion')),
      found('completion', readCompletionRequest),
    )
    .parseAsync(asked)
  if (request === undefined) throw new Error('yargs ran no command')
  return request
}

/** `fairlead help demo all` and `fairlead demo --help all` are `fairlead demo --help`, with every option. */
function helpWords(args: readonly string[]): { words: string[]; all: boolean } {
  const isAsked = args[0] === 'help' || args.includes('--help') || args.includes('-h')
  if (!isAsked) return { words: [...args], all: false }
  const all = args.at(-1) === 'all'
  const rest = all ? args.slice(0, -1) : args
  return { words: rest[0] === 'help' ? [...rest.slice(1), '--help'] : [...rest], all }
}
