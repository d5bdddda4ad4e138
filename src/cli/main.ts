import { packageVersion } from '../core/package-version.ts'

// Printed before anything else is loaded: scripts ask for it often.
const args = process.argv.slice(2)
if (args.length === 1 && ['--version', '-V'].includes(args[0] as string)) {
  // Nobody reads it, or the disk is full: not worth a stack trace.
  process.stdout.on('error', () => process.exit(1))
  process.stdout.write(`${packageVersion()}\n`)
} else {
  const { runCommand } = await import('./run-command.ts')
  const { processContext } = await import('./context.ts')
  // Whatever still hangs around (a reader of ours that stands still) must not hold up the exit.
  process.exit(await runCommand(args, processContext()))
}
