import { CHECK_CODES } from '../core/backend.ts'
import { canonicalIp } from '../core/canonical-ip.ts'
import type { FaultType } from './fault-spec.ts'

/** One setting of a fault. */
export interface FaultField {
  readonly isValid: (value: unknown) => boolean
  readonly wants: string
  readonly isRequired?: true
  /** Its JSON Schema; undefined = JSON has no form for it. */
  readonly json: Readonly<Record<string, unknown>> | undefined
}

/** All that a fault of this type may say, but the type itself. */
export function fieldsOf(type: FaultType): Readonly<Record<string, FaultField>> {
  const own = { ...COMMON, ...FIELDS[type] }
  if (type === 'health') return own
  return isConnecting(type) ? { ...own, ...SESSIONS } : { ...own, ...SESSIONS, ...BYTES }
}

/** Whether it strikes connects rather than bytes. */
export function isConnecting(type: FaultType): boolean {
  return type === 'refuse' || type === 'connect_timeout'
}

/** Longer waits are no fault but for ever; and timers hold no more. */
const MOST_MS = 2_147_483_647
const MOST_BYTES = Number.MAX_SAFE_INTEGER

const text: FaultField = {
  isValid: (value) => typeof value === 'string' && value !== '',
  wants: 'a text',
  json: { type: 'string', minLength: 1 },
}
const share: FaultField = {
  isValid: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  wants: 'a number from 0 to 1',
  json: { type: 'number', minimum: 0, maximum: 1 },
}
const ms: FaultField = {
  isValid: (value) => typeof value === 'number' && value >= 0 && value <= MOST_MS,
  wants: 'milliseconds, 0 or more',
  json: { type: 'number', minimum: 0, maximum: MOST_MS },
}
const bytes: FaultField = {
  isValid: (value) => isWhole(value) && value <= MOST_BYTES,
  wants: 'a whole number of bytes, 0 or more',
  json: { type: 'integer', minimum: 0 },
}
const someBytes: FaultField = {
  isValid: (value) => isWhole(value) && value > 0,
  wants: 'a whole number of bytes, 1 or more',
  json: { type: 'integer', minimum: 1 },
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

function required(field: FaultField): FaultField {
  return { ...field, isRequired: true }
}

function oneOf(...choices: readonly string[]): FaultField {
  return {
    isValid: (value) => choices.includes(value as string),
    wants: `one of ${choices.join(', ')}`,
    json: { enum: choices },
  }
}

const COMMON: Readonly<Record<string, FaultField>> = {
  name: {
    isValid: (value) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
    wants: 'at most 64 letters, digits, ".", "_" and "-"',
    json: { type: 'string', pattern: '^[\\w.-]{1,64}$' },
  },
  times: {
    isValid: (value) => isWhole(value) && value > 0,
    wants: 'a whole number, 1 or more',
    json: { type: 'integer', minimum: 1 },
  },
  toxicity: share,
  pool: text,
  backend: text,
}

const SESSIONS: Readonly<Record<string, FaultField>> = {
  listener: text,
  client: {
    isValid: (value) => typeof value === 'string' && canonicalIp(value) !== undefined,
    wants: 'an IP address',
    json: { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
  },
  session: { isValid: isWhole, wants: "a session's number", json: { type: 'integer', minimum: 0 } },
  match: { isValid: (value) => typeof value === 'function', wants: 'a function', json: undefined },
}

const BYTES: Readonly<Record<string, FaultField>> = {
  on: oneOf('backend', 'client'),
  direction: oneOf('upstream', 'downstream', 'both'),
}

/** What each type takes beside what all take. */
const FIELDS: Readonly<Record<FaultType, Readonly<Record<string, FaultField>>>> = {
  refuse: {},
  connect_timeout: {},
  latency: { latencyMs: required(ms), jitterMs: ms },
  bandwidth: { bytesPerSecond: required(someBytes) },
  slow_close: { delayMs: required(ms) },
  timeout: { timeoutMs: ms },
  reset_peer: { afterMs: ms, afterBytes: bytes },
  slicer: { averageSize: required(someBytes), sizeVariation: bytes, delayMs: ms },
  limit_data: { bytes: required(bytes) },
  half_close: { afterBytes: bytes },
  corrupt: {
    probability: required(share),
    allowCorruption: {
      isValid: (value) => value === true,
      wants: 'true, since this fault changes bytes that nobody will find again',
      isRequired: true,
      json: { const: true },
    },
  },
  health: {
    ok: {
      isValid: (value) => typeof value === 'boolean',
      wants: 'true or false',
      json: { type: 'boolean' },
    },
    code: oneOf(...CHECK_CODES),
    text,
  },
}

/** Every type there is. */
export const TYPES = Object.keys(FIELDS) as readonly FaultType[]
