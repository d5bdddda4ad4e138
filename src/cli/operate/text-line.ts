import type { Cell, TableLook } from './table.ts'
import { cutText } from './table.ts'

const BETWEEN = '  ·  '

/** Facts on one line. Where there is no room for all of them, the last ones go. */
export function textLine(cells: readonly Cell[], { paint, width = Infinity }: TableLook): string {
  const shown = [...cells]
  const length = (): number =>
    shown.reduce((sum, { text }) => sum + text.length + BETWEEN.length, -BETWEEN.length)
  while (shown.length > 1 && length() > width) shown.pop()
  return shown
    .map(({ text, color }) =>
      color === undefined ? cutText(text, width) : paint(color, cutText(text, width)),
    )
    .join(paint('dim', BETWEEN))
}
