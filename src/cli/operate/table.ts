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
  /** Where there is no room, columns go in this order: 1 is the first to go; those without stay. */
  readonly spare?: number
}

export interface TableLook {
  readonly paint: Paint
  /** Of the terminal; undefined = as wide as it takes. */
  readonly width?: number | undefined
}

type Row = readonly (Cell | string)[]

const BETWEEN = '  '
/** Narrower, the last column says nothing any more. */
const LEAST_LAST_WIDTH = 12

/** Lines of a table whose columns are as wide as what is in them; colours do not count. */
export function tableLines(columns: readonly Column[], rows: readonly Row[], look: TableLook): string[] {
  const { paint, width = Infinity } = look
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)))
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...texts.map((row) => row[i]?.text.length ?? 0)),
  )
  const shown = fitting(columns, widths, width)
  const line = (cells: readonly Cell[]): string => {
    let room = width
    const parts = shown.map((i) => {
      const { text, color } = cells[i] ?? { text: '' }
      const isLast = i === shown.at(-1)
      const own = widths[i] ?? 0
      const padded =
        columns[i]?.right === true ? text.padStart(own) : isLast ? text.trimEnd() : text.padEnd(own)
      const cut = cutText(padded, room)
      room -= cut.length + BETWEEN.length
      return color === undefined || cut === '' ? cut : paint(color, cut)
    })
    return parts.join(BETWEEN).trimEnd()
  }
  return [line(columns.map(({ title }) => ({ text: title, color: 'dim' }))), ...texts.map(line)]
}

/** The text in at most so many characters; what is missing is marked. */
export function cutText(text: string, width: number): string {
  if (text.length <= width) return text
  return width < 1 ? '' : `${text.slice(0, width - 1)}…`
}

/** Which columns there is room for. The last of them may be cut, so it needs not all of its width. */
function fitting(columns: readonly Column[], widths: readonly number[], width: number): number[] {
  const shown = columns.map((_, i) => i)
  const spares = shown
    .filter((i) => columns[i]?.spare !== undefined)
    .toSorted((a, b) => (columns[a]?.spare ?? 0) - (columns[b]?.spare ?? 0))
  const needed = (): number =>
    shown.reduce((sum, i) => {
      const own = widths[i] ?? 0
      const isCut = i === shown.at(-1) && columns[i]?.right !== true
      return sum + (isCut ? Math.min(own, LEAST_LAST_WIDTH) : own) + BETWEEN.length
    }, -BETWEEN.length)
  for (const spare of spares) {
    if (needed() <= width) break
    shown.splice(shown.indexOf(spare), 1)
  }
  return shown
}
