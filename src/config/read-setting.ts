import type { Address } from '../core/address.ts'
import { formatDuration } from './format-duration.ts'
import { InvalidValueError, kindOf, quote } from './invalid-value.ts'
import { nearestName } from './nearest-name.ts'
import { parseDuration } from './parse-duration.ts'
import { parseNetworks } from './parse-networks.ts'
import { formatSize, parseSize } from './parse-size.ts'
import { parseStatusRanges } from './parse-status-ranges.ts'
import { parsePseudonym, parseSticky, parseToken, parseTokens, type StickyText } from './parse-tokens.ts'
import { readAdminFlag, readHosts, readTokenFile } from './read-admin.ts'
import { readCertificates, readFolder } from './read-files.ts'
import type { StatusRange } from './schema.ts'
import type { Setting, ValueRule } from './setting.ts'
import type { settings } from './settings.ts'

type SettingOf<Key> = Extract<(typeof settings)[number], { key: Key }>

/** What a setting of each kind is read into. */
export type SettingValue<Key> =
  SettingOf<Key> extends { kind: 'duration' | 'integer' | 'size' }
    ? number
    : SettingOf<Key> extends { kind: 'boolean' }
      ? boolean
      : SettingOf<Key> extends { kind: 'choice'; choices: readonly (infer Choice)[] }
        ? Choice
        : SettingOf<Key> extends { kind: 'statuses' }
          ? readonly StatusRange[]
          : SettingOf<Key> extends { kind: 'headers' }
            ? Readonly<Record<string, string>>
            : SettingOf<Key> extends { kind: 'networks' | 'tokens' | 'hosts' }
              ? readonly string[]
              : SettingOf<Key> extends { kind: 'sticky' }
                ? StickyText
                : SettingOf<Key> extends { kind: 'admin' }
                  ? Address | 'off'
                  : string

/**
 * Reads one value, whether it came as text from a flag or the environment or as a value from the library's
 * caller. `backends` are not read here, they need their neighbours.
 *
 * @throws {InvalidValueError}
 */
export function readSetting(setting: ValueRule, value: unknown): unknown {
  if (typeof value === 'string' && value.trim() === '') {
    throw new InvalidValueError(`needs a value: ${expectation(setting)}`)
  }
  return READERS[setting.kind](setting, value)
}

/** What would be right, in words: `a duration such as 2s`, `one of tcp, http, off`. */
export function expectation(setting: ValueRule): string {
  return EXPECTATIONS[setting.kind](setting)
}

const EXPECTATIONS: Readonly<Record<Setting['kind'], (setting: ValueRule) => string>> = {
  duration: () => 'a duration such as 250ms, 2s, 1m30s or 1h',
  integer: ({ min = 0, max = Infinity }) => `a whole number from ${min} to ${max}`,
  boolean: () => 'true or false',
  choice: ({ choices = [] }) => `one of ${choices.join(', ')}`,
  text: () => 'a text in one line',
  path: () => 'a path such as /health',
  statuses: () => 'status codes such as 200, 200-399 or 200,204',
  headers: () => '"Name: value"',
  backends: () => 'a backend such as 3001 or host:3001',
  size: ({ min = 0, max = Infinity }) => `a size from ${formatSize(min)} to ${formatSize(max)}`,
  networks: () => 'addresses such as 10.0.0.0/8 or fd00::1',
  token: () => 'a name without spaces',
  tokens: () => 'protocols such as websocket, or none',
  pseudonym: () => 'a name such as edge-1',
  sticky: () => 'off, cookie or header:NAME',
  certificates: () => 'a file with certificates (PEM)',
  folder: () => 'a folder',
  admin: () => 'a port, an address or off',
  hosts: () => 'names such as lb.example.org',
  secret: () => 'a file',
}

const READERS: Readonly<Record<Setting['kind'], (setting: ValueRule, value: unknown) => unknown>> = {
  duration: readDuration,
  integer: readInteger,
  boolean: readBoolean,
  choice: readChoice,
  text: readText,
  path: readPath,
  statuses: readStatuses,
  headers: readHeaders,
  backends: () => {
    throw new InvalidValueError('backends are read with their neighbours')
  },
  size: readSize,
  networks: listReader(parseNetworks),
  token: textReader(parseToken),
  tokens: listReader(parseTokens),
  pseudonym: textReader(parsePseudonym),
  sticky: textReader(parseSticky),
  certificates: textReader(readCertificates),
  folder: textReader(readFolder),
  admin: (_, value) => readAdminFlag(value),
  hosts: (_, value) => readHosts(value),
  secret: (_, value) => readTokenFile(value),
}

/** A text, or several in an array; each may hold several of its kind. */
function listReader(
  parse: (text: string) => readonly string[],
): (setting: ValueRule, value: unknown) => readonly string[] {
  return (setting, value) => {
    const parts: unknown[] = Array.isArray(value) ? value : [value]
    return parts.flatMap((part) => {
      if (typeof part !== 'string') throw wrong(setting, part)
      if (part.trim() === '') throw new InvalidValueError(`needs a value: ${expectation(setting)}`)
      return parse(part)
    })
  }
}

function textReader<T>(parse: (text: string) => T): (setting: ValueRule, value: unknown) => T {
  return (setting, value) => {
    if (typeof value !== 'string') throw wrong(setting, value)
    return parse(value)
  }
}

function readSize(setting: ValueRule, value: unknown): number {
  const bytes = typeof value === 'string' ? parseSize(value) : value
  const { min = 0, max = Infinity } = setting
  if (typeof bytes === 'number' && Number.isInteger(bytes) && bytes >= min && bytes <= max) return bytes
  throw wrong(setting, value)
}

function readDuration(setting: ValueRule, value: unknown): number {
  const ms = typeof value === 'string' ? parseDuration(value) : value
  if (typeof ms !== 'number' || !Number.isFinite(ms)) {
    throw new InvalidValueError(
      `${shown(value)} is not a duration: give milliseconds, or a text such as "2s"`,
    )
  }
  const { min = 0, max = Infinity } = setting
  if (ms < min) throw new InvalidValueError(`${shown(value)} is too short: at least ${formatDuration(min)}`)
  if (ms > max) throw new InvalidValueError(`${shown(value)} is too long: at most ${formatDuration(max)}`)
  return ms
}

function readInteger(setting: ValueRule, value: unknown): number {
  const number = typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value
  const { min = 0, max = Infinity } = setting
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number
  throw wrong(setting, value)
}

function readBoolean(setting: ValueRule, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  if (['true', '1', 'yes', 'on'].includes(text)) return true
  if (['false', '0', 'no', 'off'].includes(text)) return false
  throw wrong(setting, value)
}

function readChoice(setting: ValueRule, value: unknown): string {
  const { choices = [], aliases = {} } = setting
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  const choice = Object.hasOwn(aliases, text) ? (aliases[text] as string) : text
  if (choices.includes(choice)) return choice
  const nearest = nearestName(text, [...choices, ...Object.keys(aliases)])
  const hint = nearest === undefined || text === '' ? '' : `; did you mean ${nearest}?`
  throw new InvalidValueError(`${wrong(setting, value).message}${hint}`)
}

function readText(setting: ValueRule, value: unknown): string {
  // A line break here would let a header or a request line be cut in two.
  if (typeof value !== 'string' || CONTROL.test(value)) throw wrong(setting, value)
  if (setting.isSent === true) checkBytes(value, quote(value))
  return value
}

function readPath(setting: ValueRule, value: unknown): string {
  const isPath = typeof value === 'string' && /^\/[\x21-\x7e]*$/.test(value)
  if (!isPath) throw wrong(setting, value)
  return value
}

function readStatuses(setting: ValueRule, value: unknown): readonly StatusRange[] {
  const parts = Array.isArray(value) ? (value as unknown[]) : [value]
  if (parts.length === 0) throw wrong(setting, value)
  return parts.flatMap((part) => {
    if (typeof part !== 'string' && typeof part !== 'number') throw wrong(setting, value)
    return parseStatusRanges(String(part))
  })
}

function readHeaders(setting: ValueRule, value: unknown): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const [name, text] of headerPairs(setting, value)) {
    // Field names are tokens (RFC 9110, 5.1); values hold no control characters but tabs.
    if (!/^[!#$%&'*+.^_`|~\dA-Za-z-]+$/.test(name)) throw wrongField(setting, `the name ${quote(name)}`)
    if (CONTROL.test(text.replaceAll('\t', ' ')))
      throw wrongField(setting, `a value with a control character`)
    checkBytes(text, `the value of ${name}`)
    headers[name] = text
  }
  return headers
}

function headerPairs(setting: ValueRule, value: unknown): [string, string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).map(([name, text]) => {
      if (typeof text !== 'string')
        throw wrongField(setting, `${kindOf(text)} as the value of ${quote(name)}`)
      return [name, text.trim()]
    })
  }
  const lines = Array.isArray(value) ? (value as unknown[]) : [value]
  return lines.map((line) => {
    const match = typeof line === 'string' ? /^([^:\s]+)\s*:(.*)$/s.exec(line.trim()) : null
    if (match === null) throw wrongField(setting, `${kindOf(line)} without a name and a colon`)
    return [match[1] as string, (match[2] as string).trim()]
  })
}

/** A field's value is bytes (RFC 9110, 5.5): of a character above them, all but its last byte would be lost. */
function checkBytes(text: string, shownAs: string): void {
  const [beyond] = /[^\0-\u00ff]/u.exec(text) ?? []
  if (beyond !== undefined)
    throw new InvalidValueError(`${shownAs}: no HTTP field can carry ${quote(beyond)}`)
}

/** Of a header nothing is quoted but its name: values are often secrets. */
function wrongField(setting: ValueRule, what: string): InvalidValueError {
  return new InvalidValueError(`must be ${expectation(setting)}, not ${what}`)
}

function wrong(setting: ValueRule, value: unknown): InvalidValueError {
  return new InvalidValueError(`must be ${expectation(setting)}, not ${shown(value)}`)
}

/** Digits stay bare: `must be a whole number from 0 to 100, not -1`. */
function shown(value: unknown): string {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? value : quote(value)
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\x00-\x1f\x7f]/
