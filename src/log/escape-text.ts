/** Longer texts are cut: nobody's status line may fill the disk. */
const MOST_CHARACTERS = 300

/**
 * Makes a text that came from the wire safe in a line of a log or on a terminal: control characters (those that
 * move a cursor, C0 and C1), line and paragraph separators, and marks that turn the writing direction become
 * `\x1b` or `\u202e`; backslashes are doubled, so that nothing can be taken for an escape of ours.
 */
export function escapeText(text: string, most = MOST_CHARACTERS): string {
  const cut = text.length <= most ? text : `${text.slice(0, most)}…`
  return UNSAFE.test(cut) ? cut.replaceAll(EVERY_UNSAFE, escapeCharacter) : cut
}

/** The same for a text of ours, whose quotes have doubled their backslashes already: whole, and only what is unsafe. */
export function escapeControls(text: string): string {
  return text.replaceAll(EVERY_UNSAFE, (character) =>
    character === '\\' ? character : escapeCharacter(character),
  )
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE = /[\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/
const EVERY_UNSAFE = new RegExp(`[\\ud800-\\udbff][\\udc00-\\udfff]|${UNSAFE.source}`, 'g')

function escapeCharacter(character: string): string {
  if (character === '\\') return '\\\\'
  if (character.length === 2) return character // a whole pair: an emoji, not half of one
  const code = character.charCodeAt(0)
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
