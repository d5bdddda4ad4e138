import { InvalidValueError } from '../config/invalid-value.ts'
import { readSetting } from '../config/read-setting.ts'
import type { Setting } from '../config/setting.ts'
import { settings } from '../config/settings.ts'
import { UsageError } from './usage-error.ts'

/**
 * Turns `--eject=off` into `--no-eject`: yargs takes any word but `true` for false, `on` and `yes` too.
 *
 * @throws {UsageError}
 */
export function spellOutSwitches(args: readonly string[]): string[] {
  return args.map((arg) => {
    const [, flag = '', value = ''] = /^--([a-z-]+)=(.*)$/s.exec(arg) ?? []
    const setting: Setting | undefined = settings.find((known) => known.flag === flag)
    if (setting?.kind !== 'boolean') return arg
    try {
      return readSetting(setting, value) === true ? `--${flag}` : `--no-${flag}`
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error
      throw new UsageError([`--${flag}: ${error.message}`])
    }
  })
}
