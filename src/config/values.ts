import { readSetting } from './read-setting.ts'
import type { Setting } from './setting.ts'
import type { SettingOutput } from './setting-schema.ts'
import { type SettingKey, settings } from './settings.ts'

/** What has no default may be undefined. */
type Unset = Extract<(typeof settings)[number], { unset: string }>['key']

/** `backup` is a list of backends, and is read as one. */
type ValueKey = Exclude<SettingKey, 'backup'>

/** Settings, read. */
export type Values = {
  readonly [Key in ValueKey]: SettingOutput<Key> | (Key extends Unset ? undefined : never)
}

/** Those that somebody gave. */
export type GivenValues = { readonly [Key in ValueKey]?: SettingOutput<Key> | undefined }

/** What holds where nobody says anything. */
export const defaultValues: Values = Object.fromEntries(
  (settings as readonly Setting[])
    .filter(({ kind }) => kind !== 'backends')
    .map((setting) => [
      setting.key,
      setting.default === undefined ? undefined : readSetting(setting, setting.default),
    ]),
) as Values

/** Later ones win; what is undefined counts as not given, and hides nothing. */
export function merge(base: Values, ...given: readonly (GivenValues | undefined)[]): Values {
  const merged: Record<string, unknown> = { ...base }
  for (const values of given) {
    for (const [key, value] of Object.entries(values ?? {})) {
      if (value !== undefined && key in base) merged[key] = value
    }
  }
  return merged as Values
}
