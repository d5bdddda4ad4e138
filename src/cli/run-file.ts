import { readConfigFile } from '../config/source.ts'
import type { Config } from '../config/schema.ts'
import { ConfigWatch } from '../service/config-watch.ts'
import type { CommandContext } from './context.ts'
import type { RunFileRequest } from './requests.ts'
import { HangUps } from './hang-ups.ts'
import { runConfig } from './run.ts'
import { UsageError } from './usage-error.ts'
import { uselessFlags } from './useless-flags.ts'

/** `fairlead run --config FILE`: balances as the file says, and as it says from each reload on, until a signal ends it. */
export async function runFile(request: RunFileRequest, context: CommandContext): Promise<number> {
  const hangUps = new HangUps(context)
  const { file, overrides } = request
  const read = (): Promise<Config> => readConfigFile(file, { env: context.env, overrides })
  const watch = request.watch ? await ConfigWatch.of(file) : undefined
  const config = await read()
  const useless = uselessFlags(config, request.flags)
  if (useless.length > 0) throw new UsageError(useless)
  return await runConfig(config, { context, read, watch, hangUps })
}
