import { effectiveConfig } from '../config/effective.ts'
import { escapeVariables } from '../config/expand-variables.ts'
import type { Config } from '../config/schema.ts'
import { readConfigFile } from '../config/source.ts'
import { ConfigError, formatProblem } from '../core/errors.ts'
import type { CommandContext } from './context.ts'
import { EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import type { CheckRequest } from './requests.ts'
import { summaryOf, summaryText } from './summary.ts'

/** `fairlead check FILE`: whether a configuration is good, and what it would run. Nothing is opened. */
export async function check(request: CheckRequest, context: CommandContext): Promise<number> {
  const { file, json } = request
  try {
    const config = await readConfigFile(file, { env: context.env })
    context.print(await told(config, request))
    return EXIT_OK
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const { problems } = error
    if (json) context.print(`${JSON.stringify({ ok: false, file, problems }, null, 2)}\n`)
    else {
      const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
      context.printError(`${problems.map(formatProblem).join('\n')}\n${file} has ${count}\n`)
    }
    return EXIT_USAGE
  }
}

async function told(config: Config, { file, json, print }: CheckRequest): Promise<string> {
  if (print) {
    const effective = escapeVariables(effectiveConfig(config))
    if (json) return `${JSON.stringify(effective, null, 2)}\n`
    const { stringify } = await import('yaml')
    return stringify(effective, { aliasDuplicateObjects: false })
  }
  const summary = summaryOf(config)
  return json ? `${JSON.stringify({ ok: true, file, ...summary }, null, 2)}\n` : summaryText(file, summary)
}
