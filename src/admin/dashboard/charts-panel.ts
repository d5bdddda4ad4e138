import { Chart } from './chart.ts'
import { formatMs, formatNumber } from './format.ts'
import type { History } from './history.ts'
import type { View } from './model.ts'

/** The four curves that tell most. */
export class ChartsPanel {
  readonly #rate = new Chart({
    title: 'Requests per second',
    lines: [{ label: 'rate', field: 'rate', color: 'line-a' }],
    format: formatNumber,
  })
  readonly #active = new Chart({
    title: 'Sessions',
    lines: [
      { label: 'active', field: 'active', color: 'line-a' },
      { label: 'queued', field: 'queued', color: 'line-b' },
    ],
    format: formatNumber,
  })
  readonly #errors = new Chart({
    title: 'Errors per second',
    lines: [{ label: 'errors', field: 'errors', color: 'line-bad' }],
    format: formatNumber,
  })
  readonly #latency = new Chart({
    title: 'Latency',
    lines: [
      { label: 'p50', field: 'p50', color: 'line-a' },
      { label: 'p99', field: 'p99', color: 'line-b' },
    ],
    format: formatMs,
  })

  constructor(region: HTMLElement) {
    region.append(...this.#all.map(({ element }) => element))
  }

  *update({ unit, isMixed }: View, history: History): Generator<() => void> {
    const counted = isMixed ? 'Requests and sessions' : unit === 'request' ? 'Requests' : 'New sessions'
    this.#rate.title = `${counted} per second`
    this.#latency.title = unit === 'request' ? 'Time to answer' : 'Time to connect'
    for (const chart of this.#all) yield () => chart.update(history)
  }

  restyle(): void {
    for (const chart of this.#all) chart.restyle()
  }

  get #all(): readonly Chart[] {
    return [this.#rate, this.#active, this.#errors, this.#latency]
  }
}
