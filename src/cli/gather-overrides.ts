import { Problems } from '../config/problems.ts'
import { readSetting } from '../config/read-setting.ts'
import type { Setting } from '../config/setting.ts'
import { settings } from '../config/settings.ts'
import type { GivenValues } from '../config/values.ts'
import { givenSetting } from './gather-settings.ts'
import type { Argv } from './argv.ts'
import { describeProblems, type Env } from './read-flags.ts'
import type { FlagPlaces } from './useless-flags.ts'

/** What flags and environment say beside a configuration file, read. */
export function gatherOverrides(
  argv: Argv,
  env: Env,
): { readonly overrides: GivenValues; readonly flags: FlagPlaces; readonly problems: readonly string[] } {
  const problems = new Problems()
  const overrides: Record<string, unknown> = {}
  const flags = new Map<string, string>()
  for (const setting of settings as readonly Setting[]) {
    const given = givenSetting(setting, argv, env)
    if (given === undefined) continue
    if (given.place.startsWith('--')) flags.set(setting.key, given.place)
    if (setting.kind === 'backends') {
      problems.add({ path: given.place, message: 'belongs to a pool, in the configuration file' })
    } else {
      overrides[setting.key] = problems.attempt(given.place, () => readSetting(setting, given.value))
    }
  }
  return { overrides, flags, problems: describeProblems(problems) }
}
