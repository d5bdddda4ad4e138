import { ConfigError, FairleadError, formatProblem } from '../core/errors.ts'
import type { CommandContext } from './context.ts'
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import { operateNames } from './operate/outlines.ts'
import type { Request } from './requests.ts'
import { UsageError } from './usage-error.ts'
import { packageVersion } from '../core/package-version.ts'

/**
 * Runs one command to its end and gives the exit code. Each command is loaded only when it is the one. What it answers has
 * left the process by then; a service's end waits for no reader.
 */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    const [first = '', second = ''] = args
    // `fairlead help drain` is `fairlead drain --help`.
    const asked = first === 'help' && operateNames.includes(second) ? [second, '--help'] : args
    if (operateNames.includes(asked[0] ?? '')) {
      const code = await (await import('./operate/operate.ts')).operate(asked, context)
      return await delivered(code, context)
    }
    const { parseArgs } = await import('./parse-args.ts')
    return await perform(await parseArgs(args, context), context)
  } catch (error) {
    const code = explain(error, context)
    await context.flush()
    return code
  }
}

async function perform(request: Request, context: CommandContext): Promise<number> {
  if (request.command === 'run') return (await import('./run.ts')).run(request, context)
  if (request.command === 'run-file') return (await import('./run-file.ts')).runFile(request, context)
  if (request.command === 'demo') return (await import('./demo.ts')).demo(request, context)
  if (request.command === 'backend') return (await import('./backend.ts')).backend(request, context)
  return await delivered(await answer(request, context), context)
}

/** An answer that was cut (the disk is full) must not pass for a whole one. */
async function delivered(code: number, context: CommandContext): Promise<number> {
  const failure = await context.flush()
  if (failure === undefined) return code
  context.printError(`fairlead: the answer cannot be written: ${failure.message}\n`)
  await context.flush()
  return code === EXIT_OK ? EXIT_FAILED : code
}

type Question = Exclude<Request, { command: 'run' | 'run-file' | 'demo' | 'backend' }>

/** What is over at once. */
async function answer(request: Question, context: CommandContext): Promise<number> {
  if (request.command === 'check') return (await import('./check.ts')).check(request, context)
  if (request.command === 'schema') return (await import('./schema.ts')).schema(context)
  if (request.command === 'completion') {
    const { completionScript } = await import('./completion.ts')
    context.print(completionScript(request.shell))
    return EXIT_OK
  }
  context.print(request.command === 'help' ? request.text : `${packageVersion()}\n`)
  return EXIT_OK
}

/** Expected failures get their line; a bug keeps its stack, which somebody will need. */
function explain(error: unknown, context: CommandContext): number {
  if (error instanceof UsageError) {
    for (const line of error.lines) context.printError(`fairlead: ${line}\n`)
    return EXIT_USAGE
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) context.printError(`fairlead: ${formatProblem(problem)}\n`)
    return EXIT_USAGE
  }
  if (error instanceof FairleadError) {
    context.printError(`fairlead: ${error.message}\n`)
    return EXIT_FAILED
  }
  throw error
}
