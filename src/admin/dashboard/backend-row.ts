import type { BackendMode } from '../../core/backend.ts'
import type { BackendSnapshot } from '../../core/snapshot.ts'
import { stateOf } from './backend-state.ts'
import { cell, pairCell } from './cells.ts'
import type { Command } from './consequence.ts'
import { el, setAttribute, setText } from './dom.ts'
import { formatAge, formatBytes, formatMs, formatNumber } from './format.ts'
import type { BackendView } from './model.ts'
import { quantile } from './quantile.ts'
import { Sparkline } from './sparkline.ts'
import { errorsOf, handledBy } from './status.ts'

export interface RowOptions {
  /** Somebody pressed a button: nothing is done yet. */
  readonly onCommand: (row: BackendRow, command: Command | 'weight') => void
}

/** One backend in its pool's table. Writes only what changed. */
export class BackendRow {
  readonly key: string
  readonly element: HTMLElement
  /** Whether it is on the screen, or nearly; where a browser cannot tell, it may be. */
  isVisible = !('oncontentvisibilityautostatechange' in HTMLElement.prototype)
  view: BackendView
  readonly #name = el('span', { class: 'main id' })
  readonly #address = el('span', { class: 'minor' })
  readonly #state = el('span', { class: 'main state' })
  readonly #symbol = el('span', { 'aria-hidden': 'true', class: 'symbol' })
  readonly #label = el('span')
  readonly #check = el('span', { class: 'minor' })
  readonly #weight = el('button', { type: 'button', class: 'weight-button' })
  readonly #active = pairCell('active')
  readonly #rate = pairCell('rate')
  readonly #errors = pairCell('errors')
  readonly #latency = pairCell('latency')
  readonly #bytes = pairCell('bytes')
  readonly #spark = new Sparkline()
  readonly #first: HTMLButtonElement
  readonly #second: HTMLButtonElement
  #modes: readonly [BackendMode, BackendMode] = ['drain', 'maint']

  /** @param at wall-clock ms of the snapshot */
  constructor(view: BackendView, at: number, { onCommand }: RowOptions) {
    this.key = view.key
    this.view = view
    this.#first = this.#modeButton(0, onCommand)
    this.#second = this.#modeButton(1, onCommand)
    this.#weight.addEventListener('click', () => onCommand(this, 'weight'))
    this.#state.append(this.#symbol, this.#label)
    this.#rate.element.append(this.#spark.element)
    this.element = el(
      'div',
      { role: 'row', class: 'row', 'data-key': view.key },
      cell('backend', this.#name, this.#address),
      cell('state', this.#state, this.#check),
      cell('weight', this.#weight),
      this.#active.element,
      this.#rate.element,
      this.#errors.element,
      this.#latency.element,
      this.#bytes.element,
      cell('actions', this.#first, this.#second),
    )
    this.element.addEventListener('contentvisibilityautostatechange', (event) => {
      this.isVisible = !(event as ContentVisibilityAutoStateChangeEvent).skipped
    })
    this.update(view, at)
  }

  /** @param at wall-clock ms of the snapshot */
  update(view: BackendView, at: number): void {
    this.view = view
    const { backend, pace } = view
    this.#updateState(backend, at)
    setText(this.#name, backend.id)
    setText(this.#address, backend.address === backend.id ? '' : backend.address)
    setText(this.#active.main, formatNumber(backend.active))
    setText(
      this.#active.minor,
      backend.maxConnections === 0 ? '' : `of ${formatNumber(backend.maxConnections)}`,
    )
    setText(this.#rate.main, `${formatNumber(pace.rate)}/s`)
    setText(this.#rate.minor, `${formatNumber(handledBy(backend))} in all`)
    this.#spark.update(view.spark)
    setText(this.#errors.main, `${formatNumber(pace.errorRate)}/s`)
    setText(this.#errors.minor, `${formatNumber(errorsOf(backend))} in all`)
    setAttribute(this.#errors.element, 'data-tone', pace.errorRate > 0 ? 'bad' : undefined)
    setText(this.#latency.main, latencyText(view, 0.5))
    setText(this.#latency.minor, latencyText(view, 0.99))
    setText(this.#bytes.main, `${formatBytes(pace.toBackendRate)}/s ↑`)
    setText(this.#bytes.minor, `${formatBytes(pace.toClientRate)}/s ↓`)
    setAttribute(this.#bytes.element, 'title', totalsText(backend))
    this.#updateActions(backend)
  }

  /** Where focus goes back to. */
  focus(command: Command | 'weight'): void {
    if (command === 'weight' || command.kind === 'weight') this.#weight.focus()
    else this.#first.focus()
  }

  #modeButton(index: 0 | 1, onCommand: RowOptions['onCommand']): HTMLButtonElement {
    const onclick = (): void => onCommand(this, { kind: 'mode', mode: this.#modes[index] })
    return el('button', { type: 'button', onclick })
  }

  #updateState(backend: BackendSnapshot, at: number): void {
    const state = stateOf(backend)
    setAttribute(this.element, 'data-state', state.key)
    setAttribute(this.element, 'data-tone', state.tone)
    setAttribute(this.#state, 'title', state.meaning)
    setText(this.#symbol, state.symbol)
    const backup = backend.backup && state.key !== 'standby' ? ', backup' : ''
    const since = state.key === 'down' ? ` for ${formatAge(at - backend.healthySince)}` : ''
    setText(this.#label, `${state.label}${since}${backup}`)
    const check = checkText(backend, at)
    setText(this.#check, check)
    setAttribute(this.#check, 'title', check)
  }

  #updateActions(backend: BackendSnapshot): void {
    const { id, mode, weight, effectiveWeight } = backend
    const ramping = effectiveWeight < weight ? ` (${formatNumber(effectiveWeight)} now)` : ''
    setText(this.#weight, `${weight}${ramping}`)
    setAttribute(this.#weight, 'aria-label', `Weight of ${id}: ${weight}${ramping}. Change it`)
    this.#modes = OFFERED[mode]
    for (const [button, offered] of [
      [this.#first, this.#modes[0]],
      [this.#second, this.#modes[1]],
    ] as const) {
      setText(button, LABELS[offered])
      setAttribute(button, 'data-mode', offered)
      setAttribute(button, 'aria-label', `${LABELS[offered]} ${id}`)
    }
  }
}

/** What one would want next. */
const OFFERED: Readonly<Record<BackendMode, readonly [BackendMode, BackendMode]>> = {
  ready: ['drain', 'maint'],
  drain: ['ready', 'maint'],
  maint: ['ready', 'drain'],
}
const LABELS: Readonly<Record<BackendMode, string>> = { ready: 'Ready', drain: 'Drain', maint: 'Maint' }

function latencyText({ pace }: BackendView, q: number): string {
  const ms = quantile(pace.latency, q)
  return ms === undefined ? '–' : formatMs(ms)
}

/** What the last check found, and how long ago. */
function checkText({ mode, lastCheck, lastCheckAt }: BackendSnapshot, at: number): string {
  if (mode === 'maint') return 'not checked'
  if (lastCheck === undefined) return 'no check yet'
  const age = lastCheckAt === undefined ? '' : ` · ${formatAge(at - lastCheckAt)} ago`
  return `${lastCheck.text || lastCheck.code}, ${formatMs(lastCheck.durationMs)}${age}`
}

function totalsText({ bytesToBackend, bytesToClient }: BackendSnapshot): string {
  return `In all ${formatBytes(bytesToBackend)} to the backend, ${formatBytes(bytesToClient)} from it`
}
