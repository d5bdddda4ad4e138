import { escapeText } from '../../log/escape-text.ts'

/** Longer texts are cut. No sentence of ours is as long. */
const MOST_CHARACTERS = 2_000

/**
 * JSON whose every text can be shown on a terminal, whoever wrote it. This is done where an answer is read, so that no place
 * that prints can forget it. @throws {SyntaxError}
 */
export function parseSafely(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' ? escapeText(value, MOST_CHARACTERS) : value,
  )
}

/** One line of JSON: what a terminal would obey stands as `\u009b`, which means the same to whoever parses it. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return `${text.replaceAll(UNSAFE, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
}

/** C1 controls and marks that turn the writing direction; C0 is escaped by JSON already. */
const UNSAFE = /[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
