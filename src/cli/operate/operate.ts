import { packageVersion } from '../../core/package-version.ts'
import { createPaint, wantsColor } from '../../log/paint.ts'
import type { CommandContext } from '../context.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import { AdminClient } from './admin-client.ts'
import { RefusedError } from './admin-errors.ts'
import { operateLoaders } from './loaders.ts'
import type { OperateCall, OperateCommand } from './operate-command.ts'
import { operateHelp } from './operate-help.ts'
import { parseOperateArgs } from './parse-operate-args.ts'

/**
 * One command to a running balancer, from its arguments to its exit code.
 *
 * @throws {UsageError} also where it is the balancer who finds that something is written wrong
 * @throws {FairleadError} where the balancer cannot be reached, or refuses
 */
export async function operate(args: readonly string[], context: CommandContext): Promise<number> {
  const command = await (operateLoaders[args[0] as string] as () => Promise<OperateCommand>)()
  const asked = await parseOperateArgs(command, { args: args.slice(1), env: context.env })
  if (asked === 'help') {
    context.print(operateHelp(command, context))
    return EXIT_OK
  }
  if (asked === 'version') {
    context.print(`${packageVersion()}\n`)
    return EXIT_OK
  }
  const { address, token, words, texts, numbers } = asked
  return await perform(command, {
    client: new AdminClient({ address, token }),
    context,
    paint: createPaint(wantsColor({ isTerminal: context.stdoutIsTerminal, env: context.env })),
    words,
    has: (flag) => texts.has(flag),
    text: (flag) => texts.get(flag),
    number: (flag) => numbers.get(flag),
  })
}

async function perform(command: OperateCommand, call: OperateCall): Promise<number> {
  try {
    return await command.run(call)
  } catch (error) {
    if (error instanceof RefusedError && error.status === 400) throw new UsageError([error.message])
    throw error
  }
}
