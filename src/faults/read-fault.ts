import { nearestName } from '../config/nearest-name.ts'
import type { CheckCode } from '../core/backend.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { ConfigError } from '../core/errors.ts'
import type { FaultSpec, FaultType } from './fault-spec.ts'

/** Longer waits are no fault but for ever; and timers hold no more. */
const MOST_MS = 2_147_483_647
const MOST_BYTES = Number.MAX_SAFE_INTEGER

/**
 * A fault as somebody gave it, checked and with its defaults in place. `-` in a type is as good as `_`.
 * @throws {ConfigError} with every problem at once.
 */
export function readFault(given: unknown): FaultSpec {
  const problems: ConfigProblem[] = []
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ConfigError([{ path: 'fault', message: 'a fault is an object with a type' }])
  }
  const fault: Record<string, unknown> = { ...given }
  for (const key of Object.keys(fault)) if (fault[key] === undefined) delete fault[key]
  const type = typeOf(fault['type'])
  const fields: Record<string, Field> = { ...COMMON, ...FIELDS[type] }
  if (CONNECTING.has(type)) Object.assign(fields, SESSIONS)
  if (type !== 'health' && !CONNECTING.has(type)) Object.assign(fields, SESSIONS, BYTES)
  fault['type'] = type
  for (const key of Object.keys(fault)) {
    if (key === 'type' || key in fields) continue
    const nearest = nearestName(key, Object.keys(fields))
    const hint = nearest === undefined ? `it has: ${Object.keys(fields).join(', ')}` : `is it ${nearest}?`
    problems.push({ path: key, message: `a ${type} fault has no such setting; ${hint}` })
  }
  for (const [key, { isValid, wants, isRequired }] of Object.entries(fields)) {
    const value = fault[key]
    if (value === undefined ? isRequired === true : !isValid(value)) {
      problems.push({ path: key, message: value === undefined ? `missing: ${wants}` : `wants ${wants}` })
    }
  }
  problems.push(...contradictions(fault))
  if (problems.length > 0) throw new ConfigError(problems)
  return withDefaults(fault, type)
}

function typeOf(given: unknown): FaultType {
  const type = typeof given === 'string' ? given.replaceAll('-', '_') : ''
  if (Object.hasOwn(FIELDS, type)) return type as FaultType
  const types = Object.keys(FIELDS)
  const nearest = nearestName(type, types)
  const hint = nearest === undefined ? `there are: ${types.join(', ')}` : `is it ${nearest}?`
  throw new ConfigError([{ path: 'type', message: `no such type of fault; ${hint}` }])
}

function contradictions(fault: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const found: ConfigProblem[] = []
  if (fault['afterMs'] !== undefined && fault['afterBytes'] !== undefined && fault['type'] === 'reset_peer') {
    found.push({ path: 'afterBytes', message: 'after a time or after bytes, not both' })
  }
  if (fault['on'] === 'client' && (fault['pool'] !== undefined || fault['backend'] !== undefined)) {
    found.push({
      path: 'on',
      message: "a client's connection belongs to no pool: name a listener, or nothing",
    })
  }
  return found
}

function withDefaults(fault: Record<string, unknown>, type: FaultType): FaultSpec {
  if (type === 'health') {
    const ok = fault['ok'] === true
    return { ok, code: ok ? 'L7OK' : 'L7STS', text: 'overridden by a fault', ...fault } as FaultSpec
  }
  if (CONNECTING.has(type)) return fault as unknown as FaultSpec
  const isOfListener =
    fault['listener'] !== undefined && fault['pool'] === undefined && fault['backend'] === undefined
  const defaults = {
    on: isOfListener ? 'client' : 'backend',
    direction: type === 'timeout' ? 'both' : 'downstream',
  }
  return { ...defaults, ...fault } as unknown as FaultSpec
}

interface Field {
  readonly isValid: (value: unknown) => boolean
  readonly wants: string
  readonly isRequired?: true
}

const text: Field = { isValid: (value) => typeof value === 'string' && value !== '', wants: 'a text' }
const share: Field = {
  isValid: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  wants: 'a number from 0 to 1',
}
const ms: Field = {
  isValid: (value) => typeof value === 'number' && value >= 0 && value <= MOST_MS,
  wants: 'milliseconds, 0 or more',
}
const bytes: Field = {
  isValid: (value) => isWhole(value) && value <= MOST_BYTES,
  wants: 'a whole number of bytes, 0 or more',
}
const someBytes: Field = {
  isValid: (value) => isWhole(value) && value > 0,
  wants: 'a whole number of bytes, 1 or more',
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

function required(field: Field): Field {
  return { ...field, isRequired: true }
}

function oneOf(...choices: readonly string[]): Field {
  return {
    isValid: (value) => choices.includes(value as string),
    wants: `one of ${choices.join(', ')}`,
  }
}

const COMMON: Readonly<Record<string, Field>> = {
  name: {
    isValid: (value) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
    wants: 'at most 64 letters, digits, ".", "_" and "-"',
  },
  times: { isValid: (value) => isWhole(value) && value > 0, wants: 'a whole number, 1 or more' },
  toxicity: share,
  pool: text,
  backend: text,
}

const SESSIONS: Readonly<Record<string, Field>> = {
  listener: text,
  client: text,
  session: { isValid: isWhole, wants: "a session's number" },
  match: { isValid: (value) => typeof value === 'function', wants: 'a function' },
}

const BYTES: Readonly<Record<string, Field>> = {
  on: oneOf('backend', 'client'),
  direction: oneOf('upstream', 'downstream', 'both'),
}

const CONNECTING: ReadonlySet<FaultType> = new Set(['refuse', 'connect_timeout'])

const CODES: readonly CheckCode[] = [
  'L4OK',
  'L4TOUT',
  'L4CON',
  'L6OK',
  'L6TOUT',
  'L6RSP',
  'L7OK',
  'L7TOUT',
  'L7RSP',
  'L7STS',
]

/** What each type takes beside what all take. */
const FIELDS: Readonly<Record<FaultType, Readonly<Record<string, Field>>>> = {
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
    },
  },
  health: {
    ok: { isValid: (value) => typeof value === 'boolean', wants: 'true or false' },
    code: oneOf(...CODES),
    text,
  },
}
