import type { Problems } from './problems.ts'
import { readSetting, type SettingValue } from './read-setting.ts'
import type { Setting } from './setting.ts'
import type { SettingKey } from './settings.ts'

/** Settings without a default may be absent; functions stand in for names where a user brings their own. */
export type Values = { [Key in SettingKey]: SettingValue<Key> } & {
  [Key in 'maxConnections' | 'downInterval' | 'checkPort']: number | undefined
} & { [Key in 'checkHost' | 'checkBody' | 'via' | 'errorPages' | 'backendCa']: string | undefined }

/**
 * Reads the settings out of what was given. What is not given comes from `inherited`, or is the default; what is wrong
 * goes to `problems`.
 */
export function readValues(
  given: Readonly<Record<string, unknown>>,
  options: {
    readonly settings: readonly Setting[]
    readonly problems: Problems
    readonly inherited?: Values
    /** Where `given` stands: `pools.api`. */
    readonly path?: string
  },
): Values {
  const { inherited, path, problems } = options
  const values: Record<string, unknown> = { ...inherited }
  for (const setting of options.settings) {
    const { key } = setting
    if (setting.kind === 'backends') continue
    const value = given[key]
    if (isOwn(key, value)) values[key] = 'custom'
    else if (value !== undefined) {
      const place = path === undefined ? key : `${path}.${key}`
      values[key] = problems.attempt(place, () => readSetting(setting, value))
    } else if (inherited === undefined && setting.default !== undefined) {
      values[key] = readSetting(setting, setting.default)
    }
  }
  return values as Values
}

/** A strategy or a probe of the user's. */
function isOwn(key: string, value: unknown): boolean {
  return typeof value === 'function' && (key === 'balance' || key === 'check')
}
