import { assertFields, type FieldRule } from './assert-fields.ts'

const FLAG: FieldRule = { wants: 'true or false', takes: (value) => typeof value === 'boolean' }
const SIGNAL: FieldRule = { wants: 'an AbortSignal', takes: (value) => value instanceof AbortSignal }
/** Looked at by whoever uses it, who has more to say about it. */
const ANY: FieldRule = { wants: '', takes: () => true }

/**
 * What the last argument of each of these methods of a balancer may say. Not of `close`: it closes whatever it is given,
 * for it is often called by a signal or an event, which has something to say of its own.
 */
const OPTIONS = {
  addBackend: { pool: ANY },
  removeBackend: { close: FLAG },
  whenIdle: { timeoutMs: ANY, signal: SIGNAL },
  drain: { timeoutMs: ANY, delayMs: ANY },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FieldRule>>>>

/**
 * Refuses options that a method does not have: misspelt, in plain JavaScript, they would count as not given.
 *
 * @throws {ConfigError}
 */
export function assertCallOptions<Method extends keyof typeof OPTIONS>(
  method: Method,
  given: Readonly<Partial<Record<keyof (typeof OPTIONS)[Method], unknown>>>,
): void {
  assertFields<object>(given, { what: `the options of ${method}`, rules: OPTIONS[method] })
}
