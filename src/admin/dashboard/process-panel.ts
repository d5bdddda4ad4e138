import type { ReloadReport } from '../../core/reload-report.ts'
import { api } from './api.ts'
import { el, setText } from './dom.ts'
import { formatBytes, formatMs, formatNumber, formatShare, formatMoment, formatUptime } from './format.ts'
import { ListenerTable } from './listener-table.ts'
import type { View } from './model.ts'
import type { Operations } from './operations.ts'

/** fairlead itself: its listeners, what it costs, and what concerns all of it. */
export class ProcessPanel {
  readonly #operations: Operations
  readonly #facts = el('dl', { class: 'figures card facts-card' })
  readonly #values = new Map<string, HTMLElement>()
  readonly #listeners = new ListenerTable()
  readonly #report = el('div', { class: 'report', role: 'status' })
  readonly #reload = el('button', { type: 'button' }, 'Reload the configuration')
  readonly #reset = el('button', { type: 'button' }, 'Reset counters')
  readonly #confirm = el('span', { class: 'inline-confirm', hidden: true })

  constructor(region: HTMLElement, operations: Operations) {
    this.#operations = operations
    this.#reload.addEventListener('click', () => void this.#runReload())
    this.#reset.addEventListener('click', () => this.#askReset())
    region.append(
      el('h2', {}, 'Configuration'),
      el(
        'p',
        { class: 'buttons' },
        this.#reload,
        el('a', { href: 'api/v1/config', target: '_blank', rel: 'noopener' }, 'Show what is in force (JSON)'),
      ),
      this.#report,
      el('h2', {}, 'Listeners'),
      this.#listeners.element,
      el('h2', {}, 'Process'),
      this.#facts,
      el('p', { class: 'buttons' }, this.#reset, this.#confirm),
      el(
        'p',
        { class: 'quiet' },
        'For machines: ',
        el('a', { href: 'metrics' }, 'metrics'),
        ', ',
        el('a', { href: 'api/v1/openapi.json' }, 'API description'),
        ', ',
        el('a', { href: 'readyz?verbose' }, 'readiness'),
        '.',
      ),
    )
  }

  update({ status }: View): void {
    const { process, reloads, listeners } = status
    this.#fact('Version', `${process.version} on Node ${process.node}`)
    this.#fact('Process', `${process.pid}, up ${formatUptime(process.uptimeMs)}`)
    this.#fact('Memory', formatBytes(process.memory.residentBytes))
    this.#fact(
      'Event loop',
      `${formatShare(process.loop.utilization)} busy, p99 ${formatMs(process.loop.lagP99Ms)} late`,
    )
    const { openDescriptors, descriptorLimit } = process
    const of = descriptorLimit === undefined ? '' : ` of ${formatNumber(descriptorLimit)}`
    this.#fact('Descriptors', `${formatNumber(openDescriptors)}${of}`)
    const { faults } = status
    this.#fact('Faults on purpose', faults === undefined ? 'switched off' : `switched on, ${faults} in force`)
    const failed = reloads.failed === 0 ? '' : `, ${reloads.failed} failed`
    this.#fact('Reloads', `${reloads.succeeded}${failed}, in force since ${formatMoment(reloads.lastOkAt)}`)
    this.#listeners.update(listeners)
  }

  async #runReload(): Promise<void> {
    this.#reload.disabled = true
    setText(this.#report, 'Reading …')
    try {
      this.#report.replaceChildren(...reportOf(await api.reload()))
    } catch (error) {
      setText(this.#report, error instanceof Error ? `Nothing was reloaded: ${error.message}.` : '')
    } finally {
      this.#reload.disabled = false
      this.#reload.focus()
    }
  }

  #askReset(): void {
    const close = (): void => {
      this.#confirm.hidden = true
      this.#reset.focus()
    }
    const reset = (): void => {
      close()
      void this.#operations.attempt(async () => {
        await api.resetCounters()
        this.#operations.done('All counters are back at zero.')
      })
    }
    const yes = el('button', { type: 'button', class: 'danger', onclick: reset }, 'Reset all')
    this.#confirm.replaceChildren(
      'Totals and latencies of every backend begin again at zero; metrics see that, too. ',
      yes,
      el('button', { type: 'button', onclick: close }, 'Cancel'),
    )
    this.#confirm.hidden = false
    yes.focus()
  }

  #fact(name: string, text: string): void {
    let value = this.#values.get(name)
    if (value === undefined) {
      value = el('dd')
      this.#values.set(name, value)
      this.#facts.append(el('div', {}, el('dt', {}, name), value))
    }
    setText(value, text)
  }
}

function reportOf({ at, ok, changes, problems, needsRestart }: ReloadReport): Node[] {
  if (!ok) {
    return [
      el('p', { class: 'bad' }, `▼ Not reloaded at ${formatMoment(at)}: the configuration before it stays.`),
      ...lines('What is wrong with it:', problems),
    ]
  }
  return [
    el(
      'p',
      { class: 'good' },
      `● Reloaded at ${formatMoment(at)}.${changes.length === 0 ? ' Nothing differed.' : ''}`,
    ),
    ...lines('Changes:', changes),
    ...lines('Waits for a restart:', needsRestart),
  ]
}

function lines(title: string, texts: readonly string[]): Node[] {
  if (texts.length === 0) return []
  return [el('p', {}, title), el('ul', {}, ...texts.map((text) => el('li', {}, text)))]
}
