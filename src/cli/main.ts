import { packageVersion } from '../core/package-version.ts'

// Printed before anything else is loaded: scripts ask for it often.
const args = process.argv.slice(2)
if (args.length === 1 && ['--version', '-V'].includes(args[0] as string)) {
  // Nobody reads it, or the disk is full: not worth a stack trace.
  process.stdout.on('error', () => process.exit(1))
  process.stdout.write(`${packageVersion()}\n`)
} else {
  const { spareOnlyCpu } = await import('../service/spare-only-cpu.ts')
  spareOnlyCpu()
  const { runCommand } = await import('./run-command.ts')
  const { processContext } = await import('./context.ts')
  const code = await runCommand(args, processContext())
  // Whatever else still hangs around (a reader of a service's log that stands still) must not hold up the exit.
  process.exit(code)
}
