import { createBalancer } from '../control/balancer.ts'
import type { CommandContext } from './context.ts'
import { openLog } from './open-log.ts'
import { announce } from './announce.ts'
import type { RunRequest } from './requests.ts'
import { serveUntilStopped } from './serve-until-stopped.ts'

/** `fairlead <listen> <backends..>`: balances until a signal ends it. */
export async function run(request: RunRequest, context: CommandContext): Promise<number> {
  const open = await openLog(request.logging, context)
  const balancer = await createBalancer(request.options)
  await announce(balancer, { open, logging: request.logging })
  return await serveUntilStopped(balancer, { open, context })
}
