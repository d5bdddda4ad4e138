/** What an element begins with. `on…` are listeners; `class` and the rest are attributes. */
export interface Begin {
  readonly [name: string]: string | number | boolean | undefined | ((event: Event) => void)
}

type Child = Node | string | undefined

/** Makes an element. Strings become text nodes: no data is ever read as markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  begin: Begin = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(begin)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/** Writes only what differs: a write costs a layout even where nothing changes. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

/** The same for attributes; undefined takes it away. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name)
  } else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/** The element of the page with that id. @throws {Error} where there is none: `index.html` and its script differ */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no #${id}`)
  return found
}

/** Makes `parent` hold exactly `wanted` in that order, moving as little as possible: focus stays where it is. */
export function arrange(parent: Element, wanted: readonly Element[]): void {
  // First: to move what comes after one that goes would take the focus out of it.
  const kept = new Set(wanted)
  for (const child of parent.querySelectorAll(':scope > *')) if (!kept.has(child)) child.remove()
  let at = parent.firstElementChild
  for (const child of wanted) {
    if (child === at) at = at.nextElementSibling
    else parent.insertBefore(child, at)
  }
}
