/**
 * One setting, in all its faces: a flag, an environment variable, an option of `createBalancer`, a line of the
 * help and of the README. The table of them is `settings.ts`.
 */
export interface Setting {
  /** Without the dashes: `connect-timeout`. */
  readonly flag: string
  /** The same in camelCase: the name of the library's option. */
  readonly key: string
  /**
   * `duration`: milliseconds in, or text such as `2s`; `integer`; `boolean`; `choice` out of `choices`; `text`;
   * `path`: the path of a URL; `statuses`: HTTP status codes and ranges; `headers`: `Name: value`, repeatable;
   * `backends`: as the positional ones, repeatable.
   */
  readonly kind:
    'duration' | 'integer' | 'boolean' | 'choice' | 'text' | 'path' | 'statuses' | 'headers' | 'backends'
  readonly group: SettingGroup
  readonly description: string
  /** As its user would write it; absent = not set, and `unset` says what that means. */
  readonly default?: string
  readonly unset?: string
  /** Smallest and largest value; of durations in ms. */
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
  /** Other spellings of a choice. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Belongs to the command alone; the library has no such option. */
  readonly commandOnly?: true
}

export type SettingGroup = 'Balancing' | 'Connecting' | 'Sessions' | 'Health' | 'Logging' | 'Process'

/** `FAIRLEAD_CONNECT_TIMEOUT` */
export function environmentName(flag: string): string {
  return `FAIRLEAD_${flag.toUpperCase().replaceAll('-', '_')}`
}

/** How the flag is typed: switches that are on by default show how to turn them off. */
export function flagText(setting: Setting): string {
  return setting.kind === 'boolean' && setting.default === 'true'
    ? `--no-${setting.flag}`
    : `--${setting.flag}`
}
