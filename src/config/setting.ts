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
   * `backends`: as the positional ones, repeatable; `size`: bytes; `networks`: addresses and CIDRs, repeatable;
   * `token`: a name in HTTP; `tokens`: several, repeatable; `pseudonym`: a name in `Via`; `sticky`;
   * `certificates`: a PEM file, or what is in it; `folder`; `admin`: where to listen, or `off`; `hosts`: names,
   * repeatable; `secret`: a file that holds one, of which a variable may be the secret itself.
   */
  readonly kind:
    | 'duration'
    | 'integer'
    | 'size'
    | 'boolean'
    | 'choice'
    | 'text'
    | 'path'
    | 'statuses'
    | 'headers'
    | 'backends'
    | 'networks'
    | 'token'
    | 'tokens'
    | 'pseudonym'
    | 'sticky'
    | 'certificates'
    | 'folder'
    | 'admin'
    | 'hosts'
    | 'secret'
  readonly group: SettingGroup
  /** Of the flag as {@link flagText} writes it. */
  readonly description: string
  /** Of the option, where the flag turns it off. */
  readonly optionDescription?: string
  /** As its user would write it; absent = not set, and `unset` says what that means. */
  readonly default?: string
  readonly unset?: string
  /** Smallest and largest value; of durations in ms. */
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
  /** Other spellings of a choice. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Goes out in the head of an HTTP message, one byte a character. */
  readonly isSent?: true
  /** Belongs to the command alone; the library has no such option. */
  readonly commandOnly?: true
  /** Means nothing where bytes are balanced. */
  readonly httpOnly?: true
  /** Each pool of the library's `pools` may have its own. */
  readonly perPool?: true
}

/** How a value is read: what of a setting does not depend on its name. */
export type ValueRule = Pick<Setting, 'kind' | 'min' | 'max' | 'choices' | 'aliases' | 'isSent'>

export type SettingGroup =
  'Balancing' | 'Connecting' | 'Sessions' | 'HTTP' | 'Health' | 'Logging' | 'Operating' | 'Process'

/** Flags of these kinds may be given several times, and all of them count. */
export function isRepeatable({ kind }: Setting): boolean {
  return (
    kind === 'backends' || kind === 'headers' || kind === 'networks' || kind === 'tokens' || kind === 'hosts'
  )
}

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
