import { resolveOptions } from '../config/resolve.ts'
import type { Config } from '../config/schema.ts'
import { startBalancer } from '../control/balancer.ts'
import { InheritedSockets } from '../net/inherited-sockets.ts'
import { announce } from './announce.ts'
import type { CommandContext } from './context.ts'
import { openLog } from './open-log.ts'
import { openPresence, reportSockets, socketsProblem } from './open-presence.ts'
import type { RunRequest } from './requests.ts'
import { serveUntilStopped } from './serve-until-stopped.ts'

/** `fairlead <listen> <backends..>`: balances until a signal ends it. */
export function run({ options, logging, pidFile }: RunRequest, context: CommandContext): Promise<number> {
  return runConfig({ ...resolveOptions(options), log: logging, pidFile }, context)
}

/** Balances until a signal ends it. */
export async function runConfig(config: Config, context: CommandContext): Promise<number> {
  const { log: logging } = config
  const open = await openLog(logging, context)
  await using presence = openPresence(config.pidFile, { open, context })
  const inherited = InheritedSockets.fromEnvironment(context.env)
  await using balancer = await startBalancer(config, { inherited }).catch((error: unknown) => {
    // An address that cannot be had is often one that was handed over under another name.
    const hint = socketsProblem(inherited)
    if (hint !== undefined) context.printError(`fairlead: ${hint}\n`)
    throw error
  })
  presence.appear(balancer.addresses)
  await announce(balancer, { open, logging })
  reportSockets(inherited, open)
  return await serveUntilStopped(balancer, { open, context, presence })
}
