import { readConfigFile } from '../config/source.ts'
import type { CommandContext } from './context.ts'
import type { RunFileRequest } from './requests.ts'
import { runConfig } from './run.ts'

/** `fairlead run --config FILE`: balances as the file says until a signal ends it. */
export async function runFile(request: RunFileRequest, context: CommandContext): Promise<number> {
  const { file, overrides } = request
  const config = await readConfigFile(file, { env: context.env, overrides })
  return runConfig(config, context)
}
