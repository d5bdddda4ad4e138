// Loaded here, since to compile them takes longer than a test should wait.
import '../../../src/cli/operate/commands.ts'
import '../../../src/cli/operate/operate.ts'
import { runCommand } from '../../../src/cli/run-command.ts'
import { FakeProcess } from '../fake-process.ts'

type Env = Readonly<Record<string, string>>

/** Runs a command against the balancer at `base` to its end, off a terminal. */
export async function run(
  base: string,
  args: readonly string[],
  env: Env = {},
): Promise<{ readonly code: number; readonly printed: string; readonly complaints: string }> {
  const context = new FakeProcess({ env: { FAIRLEAD_ADMIN: base, ...env } })
  const code = await runCommand(args, context)
  const { printed, complaints } = context
  return { code, printed, complaints }
}

/** How it ended, and all that it said. */
export async function told(base: string, args: readonly string[], env?: Env): Promise<[number, string]> {
  const { code, printed, complaints } = await run(base, args, env)
  return [code, printed + complaints]
}
