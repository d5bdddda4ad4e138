import { el } from './dom.ts'

/** The columns of a pool's table, in order, each with what it shows. */
export const COLUMNS = [
  ['backend', 'Backend'],
  ['state', 'State and last check'],
  ['weight', 'Weight'],
  ['active', 'Active'],
  ['rate', 'Rate'],
  ['errors', 'Errors'],
  ['latency', 'p50 / p99'],
  ['bytes', 'Traffic'],
  ['actions', 'Change'],
] as const

export type Column = (typeof COLUMNS)[number][0]

/** A cell with a figure, and a quieter one below. */
export interface PairCell {
  readonly element: HTMLElement
  readonly main: HTMLElement
  readonly minor: HTMLElement
}

export function pairCell(column: Column): PairCell {
  const main = el('span', { class: 'main' })
  const minor = el('span', { class: 'minor' })
  return { element: cell(column, main, minor), main, minor }
}

export function cell(column: Column, ...children: readonly Node[]): HTMLElement {
  const label = COLUMNS.find(([name]) => name === column)?.[1]
  return el('div', { role: 'cell', class: `cell ${column}`, 'data-label': label }, ...children)
}

export function headerRow(): HTMLElement {
  const headers = COLUMNS.map(([name, label]) =>
    el('div', { role: 'columnheader', class: `cell ${name}` }, label),
  )
  return el('div', { role: 'row', class: 'row head' }, ...headers)
}
