import { resolveOptions } from '../config/resolve.ts'
import type { Config } from '../config/schema.ts'
import { InheritedSockets } from '../net/inherited-sockets.ts'
import type { ConfigWatch } from '../service/config-watch.ts'
import { startService } from '../service/service.ts'
import { announce, beginLog } from './announce.ts'
import type { CommandContext } from './context.ts'
import { HangUps } from './hang-ups.ts'
import { openLog } from './open-log.ts'
import { openPresence, reportSockets, socketsProblem } from './open-presence.ts'
import type { RunRequest } from './requests.ts'
import { serveUntilStopped } from './serve-until-stopped.ts'
import { StopRequests } from './stop-requests.ts'

/** `fairlead <listen> <backends..>`: balances until a signal ends it. */
export function run(
  { options, logging, pidFile, admin }: RunRequest,
  context: CommandContext,
): Promise<number> {
  return runConfig({ ...resolveOptions(options), log: logging, pidFile, admin }, { context })
}

/**
 * Balances until a signal ends it.
 *
 * @param facts.read reads the configuration again, where it came from a file.
 * @param facts.watch tells when to.
 */
export async function runConfig(
  config: Config,
  facts: {
    readonly context: CommandContext
    readonly read?: () => Promise<Config>
    readonly watch?: ConfigWatch | undefined
    /** Those that came while the configuration was read. */
    readonly hangUps?: HangUps
  },
): Promise<number> {
  const { context, read, watch } = facts
  const { log: logging } = config
  const hangUps = facts.hangUps ?? new HangUps(context)
  const open = await openLog(logging, context)
  await using presence = openPresence(config.pidFile, { open, context })
  const inherited = InheritedSockets.fromEnvironment(context.env)
  const stops = new StopRequests(context)
  await using service = await startService({
    config,
    read,
    watch,
    presence,
    inherited,
    onOpening: stops.begin,
    onBegun: (balancer) => beginLog(balancer, { open, logging }),
  }).catch((error: unknown) => {
    // An address that cannot be had is often one that was handed over under another name.
    const hint = socketsProblem(inherited)
    if (hint !== undefined) context.printError(`fairlead: ${hint}\n`)
    throw error
  })
  await announce(service, { open, logging })
  reportSockets(inherited, open)
  return await serveUntilStopped(service, { open, context, hangUps, stops })
}
