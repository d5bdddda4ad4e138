import { FairleadError } from '../core/errors.ts'
import { isSecretName } from './secrets.ts'

/** A text or value that cannot be read. The message says what is wrong with it and what would be right. */
export class InvalidValueError extends FairleadError {
  constructor(message: string) {
    super('FAIRLEAD_INVALID_VALUE', message)
  }
}

/**
 * How a value that is wrong is shown in a message: quoted, in one line, cut to a readable length. Of a list or an object
 * only the shape: whoever gives one where none is expected may have put a secret into it, and messages go to logs.
 */
export function quote(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'number') return String(value)
  const text = written(value)
  const cut = text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`
  return cut.replaceAll(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** What a value is, for messages that must not show it. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`
}

const MOST_SHOWN = 80

/** Those that JSON leaves as they are: a terminal obeys them, or turns the rest of the line around. */
const CONTROLS = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

function written(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol' || value === undefined) return String(value)
  try {
    return JSON.stringify(value, typeof value === 'object' ? withoutTexts : undefined) ?? kindOf(value)
  } catch {
    // It holds itself, nests without end, or has a getter or a toJSON that throws: what kind it is has to do.
    return kindOf(value)
  }
}

function withoutTexts(name: string, part: unknown): unknown {
  if (typeof part === 'string' || isSecretName(name)) return '…'
  // JSON has no word for it.
  return typeof part === 'bigint' ? `${part}n` : part
}
