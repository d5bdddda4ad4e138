import type { BackendMode } from '../../core/backend.ts'
import type { Help } from './help.ts'
import type { PoolsPanel } from './pools-panel.ts'
import type { Toasts } from './toasts.ts'
import type { Views } from './views.ts'
import { VIEWS } from './views.ts'

export interface KeyOptions {
  readonly help: Help
  readonly pools: PoolsPanel
  readonly toasts: Toasts
  readonly views: Views
  readonly togglePause: () => void
  readonly nextTheme: () => void
}

const MODES: Readonly<Record<string, BackendMode>> = { d: 'drain', r: 'ready', m: 'maint' }

/** Single keys, for those who have no hand free for the mouse. They never act at once: they open what asks. */
export function listenForKeys(options: KeyOptions): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (event.key === 'Escape') options.toasts.closeLatest()
    else if (event.key === '?') options.help.open()
    else if (!options.help.areKeysOn || document.querySelector('dialog[open]') !== null) return
    else if (!act(event.key, options)) return
    if (event.key !== 'Escape') event.preventDefault()
  })
}

/** False where the key means nothing here. */
function act(key: string, { pools, toasts, views, togglePause, nextTheme }: KeyOptions): boolean {
  const view = VIEWS[Number(key) - 1]
  if (view !== undefined) views.go(view)
  else if (key === 'p') togglePause()
  else if (key === 't') nextTheme()
  else if (key === 'u') return toasts.undoLatest()
  else if (key === '/') return focusFilter(pools)
  else if (key === 'j' || key === 'k') return moveFocus(key === 'j' ? 1 : -1)
  else if (key === 'w' || key in MODES) return command(key, pools)
  else return false
  return true
}

function command(key: string, pools: PoolsPanel): boolean {
  const { activeElement } = document
  const card = activeElement === null ? undefined : pools.cardOf(activeElement)
  const row = activeElement === null ? undefined : card?.rowOf(activeElement)
  if (card === undefined || row === undefined) return false
  const mode = MODES[key]
  card.ask(row, mode === undefined ? 'weight' : { kind: 'mode', mode })
  return true
}

function moveFocus(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('.pool .row[data-key]')].filter(
    (row) => row.offsetParent !== null,
  )
  const at = rows.findIndex((row) => row.contains(document.activeElement))
  const next = at === -1 ? rows[by === 1 ? 0 : rows.length - 1] : rows[at + by]
  next?.querySelector<HTMLElement>('.actions button')?.focus()
  return next !== undefined
}

function focusFilter(pools: PoolsPanel): boolean {
  const visible = [...document.querySelectorAll<HTMLInputElement>('main input[type=search]')].find(
    (input) => input.offsetParent !== null,
  )
  if (pools.focusFilter()) return true
  visible?.focus()
  return visible !== undefined
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox]), select, textarea')
}
