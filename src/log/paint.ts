import { styleText } from 'node:util'

export type Color = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'dim' | 'bold'

/** Colours a text, or leaves it as it is. */
export type Paint = (color: Color, text: string) => string

export function createPaint(enabled: boolean): Paint {
  // Whether the terminal takes colours has been decided already: the text goes to a stream of our own.
  return enabled ? (color, text) => styleText(color, text, { validateStream: false }) : (_, text) => text
}

/** Colours are for terminals; `NO_COLOR` turns them off and `FORCE_COLOR` on, wherever they go. */
export function wantsColor(options: {
  readonly isTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = options.env
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return options.isTerminal && TERM !== 'dumb'
}
