import { FairleadError } from '../core/errors.ts'

/** A text or value that cannot be read. The message says what is wrong with it and what would be right. */
export class InvalidValueError extends FairleadError {
  constructor(message: string) {
    super('FAIRLEAD_INVALID_VALUE', message)
  }
}

/** How a value that is wrong is shown in a message: quoted, in one line, cut to a readable length. */
export function quote(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'number') return String(value)
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`
}

const MOST_SHOWN = 80
