import { quote } from '../config/invalid-value.ts'
import { isRecord } from '../config/kinds-of-object.ts'
import { assertFields, type FieldRule, TEXT } from '../control/assert-fields.ts'
import type { ControlPort } from '../control/port.ts'
import { ConfigError } from '../core/errors.ts'
import type { AdminLimits } from './limits.ts'
import type { AdminOptions } from './start-admin.ts'

/**
 * Refuses options that are none, as may come from plain JavaScript, before anything listens.
 *
 * @throws {ConfigError} with every problem
 */
export function assertOptions(options: AdminOptions): void {
  assertFields(options, { what: 'the options of an admin listener', rules: FIELDS })
  assertFields(options.limits ?? {}, { what: 'the limits of an admin listener', rules: LIMITS })
}

/** An unfinished `createBalancer` is the likeliest one. */
export function assertBalancer(control: ControlPort): void {
  if (has(control, 'passingSnapshot', 'function')) return
  const message = `an admin listener needs a balancer, as createBalancer resolves to it, not ${quote(control)}`
  throw new ConfigError([{ path: '', message }])
}

const MOST_PORT = 65_535

const WHOLE: FieldRule = {
  wants: 'a whole number from 0',
  takes: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
}
const FUNCTION: FieldRule = { wants: 'a function', takes: (value) => typeof value === 'function' }

const FIELDS: Readonly<Record<keyof AdminOptions, FieldRule>> = {
  address: {
    wants: "{ kind: 'tcp', host, port } or { kind: 'unix', path }",
    isNeeded: true,
    takes: isAddress,
  },
  token: { ...TEXT, isSecret: true },
  hosts: { wants: 'a list of names', takes: listOf((name) => typeof name === 'string') },
  reload: FUNCTION,
  checks: {
    wants: 'a list of { name, problem() }',
    takes: listOf((check) => has(check, 'name', 'string') && has(check, 'problem', 'function')),
  },
  dashboard: { wants: 'the URL of a folder', takes: (value) => value instanceof URL },
  limits: { wants: 'an object', takes: isRecord },
  clock: {
    wants: 'a clock: { now, wallTime, setTimer }',
    takes: (clock) => ['now', 'wallTime', 'setTimer'].every((name) => has(clock, name, 'function')),
  },
}

const LIMITS: Readonly<Record<keyof AdminLimits, FieldRule>> = {
  connections: WHOLE,
  streams: WHOLE,
  watchers: WHOLE,
  patienceMs: WHOLE,
}

function isAddress(value: unknown): boolean {
  const { kind, host, port, path } = (isRecord(value) ? value : {}) as Readonly<Record<string, unknown>>
  if (kind === 'unix') return typeof path === 'string' && path !== ''
  return kind === 'tcp' && typeof host === 'string' && WHOLE.takes(port) && (port as number) <= MOST_PORT
}

function listOf(isOne: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(isOne)
}

function has(value: unknown, name: string, type: string): boolean {
  return isRecord(value) && typeof (value as Readonly<Record<string, unknown>>)[name] === type
}
