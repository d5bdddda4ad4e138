import { el } from './dom.ts'

/** A plain table with a heading for each column, in a frame of its own that scrolls where the screen is narrow. */
export function grid(
  label: string,
  headings: readonly string[],
): { element: HTMLElement; body: HTMLElement } {
  const body = el('tbody')
  const heads = headings.map((heading) => el('th', { scope: 'col' }, heading))
  const table = el('table', { class: 'grid' }, el('thead', {}, el('tr', {}, ...heads)), body)
  const element = el('div', { class: 'grid-frame', tabindex: 0, role: 'region', 'aria-label': label }, table)
  return { element, body }
}

/** A field with its label above. */
export function field(label: string, input: HTMLElement): HTMLElement {
  return el('label', { class: 'field' }, el('span', {}, label), input)
}

/** Makes a `select` offer exactly these, keeping what is chosen. */
export function offer(select: HTMLSelectElement, values: readonly string[], any?: string): void {
  const wanted = [...(any === undefined ? [] : ['']), ...values]
  const known = [...select.options].map(({ value }) => value)
  if (known.length === wanted.length && known.every((value, i) => value === wanted[i])) return
  const chosen = select.value
  select.replaceChildren(
    ...wanted.map((value) => el('option', { value }, value === '' ? (any ?? '') : value)),
  )
  if (wanted.includes(chosen)) select.value = chosen
}
