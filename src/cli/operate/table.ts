import type { Color, Paint } from '../../log/paint.ts'

/** One cell: its text, and how it is shown. */
export interface Cell {
  readonly text: string
  readonly color?: Color
}

export interface Column {
  readonly title: string
  /** Numbers stand under each other by their last digit. */
  readonly right?: boolean
}

/** Lines of a table whose columns are as wide as what is in them; colours do not count. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  paint: Paint,
): string[] {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)))
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...texts.map((row) => row[i]?.text.length ?? 0)),
  )
  const line = (cells: readonly Cell[]): string =>
    cells
      .map(({ text, color }, i) => {
        const isLast = i === columns.length - 1
        const width = widths[i] ?? 0
        const padded = columns[i]?.right === true ? text.padStart(width) : isLast ? text : text.padEnd(width)
        return color === undefined ? padded : paint(color, padded)
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => ({ text: title, color: 'dim' }))), ...texts.map(line)]
}
