import { resolveOptions } from '../config/resolve.ts'
import { startBalancer } from '../control/balancer.ts'
import { InheritedSockets } from '../net/inherited-sockets.ts'
import { announce } from './announce.ts'
import type { CommandContext } from './context.ts'
import { openLog } from './open-log.ts'
import { openPresence, reportSockets, socketsProblem } from './open-presence.ts'
import type { RunRequest } from './requests.ts'
import { serveUntilStopped } from './serve-until-stopped.ts'

/** `fairlead <listen> <backends..>`: balances until a signal ends it. */
export async function run(request: RunRequest, context: CommandContext): Promise<number> {
  const open = await openLog(request.logging, context)
  await using presence = openPresence(request.pidFile, { open, context })
  const inherited = InheritedSockets.fromEnvironment(context.env)
  await using balancer = await startBalancer(resolveOptions(request.options), {
    inherited,
  }).catch((error: unknown) => {
    // An address that cannot be had is often one that was handed over under another name.
    const hint = socketsProblem(inherited)
    if (hint !== undefined) context.printError(`fairlead: ${hint}\n`)
    throw error
  })
  presence.appear(balancer.addresses)
  await announce(balancer, { open, logging: request.logging })
  reportSockets(inherited, open)
  return await serveUntilStopped(balancer, { open, context, presence })
}
