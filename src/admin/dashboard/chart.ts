import type UPlot from 'uplot'
import { el, setAttribute, setText } from './dom.ts'
import type { History } from './history.ts'

/** A classic script of the page: its build for browsers is a third of the module's size. */
declare const uPlot: typeof UPlot

export interface Line {
  readonly label: string
  readonly field: Parameters<History['column']>[0]
  /** A custom property of the style sheet that holds its colour. */
  readonly color: string
}

export interface ChartOptions {
  readonly title: string
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
}

const HEIGHT = 112
const SPAN_S = 900

/** One chart of the last minutes, with its newest figures as text for those who cannot see it. */
export class Chart {
  readonly element: HTMLElement
  readonly #options: ChartOptions
  readonly #title = el('span', { class: 'chart-title' })
  readonly #now: HTMLElement[] = []
  readonly #plot = el('div', { class: 'plot', role: 'img' })
  #chart: UPlot | undefined
  #width = 0
  #history: History | undefined

  constructor(options: ChartOptions) {
    this.#options = options
    setText(this.#title, options.title)
    const legend = options.lines.map((line) => {
      const value = el('b')
      this.#now.push(value)
      return el(
        'span',
        { class: `legend ${line.color}` },
        el('i', { 'aria-hidden': 'true' }),
        options.lines.length > 1 ? `${line.label} ` : '',
        value,
      )
    })
    this.element = el(
      'figure',
      { class: 'card chart' },
      el('figcaption', {}, this.#title, ...legend),
      this.#plot,
    )
    new ResizeObserver(([entry]) => this.#resize(entry?.contentRect.width ?? 0)).observe(this.#plot)
  }

  set title(title: string) {
    setText(this.#title, title)
  }

  update(history: History): void {
    this.#history = history
    const { lines, format } = this.#options
    const said = lines.map(({ label, field }, i) => {
      const values = history.column(field).filter((value) => typeof value === 'number')
      const now = history.column(field).at(-1)
      const text = typeof now === 'number' ? format(now) : '–'
      setText(this.#now[i] as HTMLElement, text)
      const most = values.length === 0 ? '' : `, at most ${format(max(values))}`
      return `${lines.length > 1 ? `${label}: ` : ''}now ${text}${most}`
    })
    setAttribute(
      this.#plot,
      'aria-label',
      `${this.#title.textContent ?? ''}, last 15 minutes: ${said.join('; ')}`,
    )
    this.#draw()
  }

  /** The theme changed: its colours are drawn, not styled. */
  restyle(): void {
    this.#chart?.destroy()
    this.#chart = undefined
    this.#draw()
  }

  #resize(width: number): void {
    this.#width = Math.floor(width)
    this.#chart?.setSize({ width: this.#width, height: HEIGHT })
    this.#draw()
  }

  #draw(): void {
    if (this.#history === undefined || this.#width === 0) return
    const data = [
      this.#history.times,
      ...this.#options.lines.map(({ field }) => this.#history?.column(field)),
    ]
    this.#chart ??= new uPlot(this.#plotOptions(), [[], ...this.#options.lines.map(() => [])], this.#plot)
    this.#chart.setData(data as unknown as UPlot.AlignedData)
  }

  #plotOptions(): UPlot.Options {
    const { lines, format } = this.#options
    const quiet = colorOf(this.#plot, '--quiet')
    const grid = { stroke: colorOf(this.#plot, '--grid'), width: 1 }
    const font = '11px system-ui, sans-serif'
    return {
      width: this.#width,
      height: HEIGHT,
      padding: [8, 4, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: {
        // Not of what is given: of a single moment that would be a whole day.
        x: { range: () => this.#timesShown() },
        y: { range: (_, __, most) => [0, Math.max(1, most * 1.15 || 1)] },
      },
      axes: [
        {
          stroke: quiet,
          font,
          grid: { show: false },
          ticks: { show: false },
          size: 20,
          splits: stepsBack,
          values: agoTexts,
        },
        {
          stroke: quiet,
          font,
          grid,
          ticks: { show: false },
          size: 50,
          space: 28,
          values: (_, ticks) => ticks.map((tick) => format(tick)),
        },
      ],
      series: [
        {},
        ...lines.map((line, i) => {
          const stroke = colorOf(this.#plot, `--${line.color}`)
          return {
            stroke,
            width: 1.5,
            spanGaps: false,
            points: { show: false },
            ...(i === 0 && lines.length === 1 ? { fill: withAlpha(stroke) } : {}),
          }
        }),
      ],
    }
  }

  /** A page that was opened just now is not mostly empty. */
  #timesShown(): [number, number] {
    const times = this.#history?.times ?? []
    const last = times.at(-1) ?? 0
    const age = last - (times[0] ?? last)
    return [last - (SPANS_S.find((span) => span >= age) ?? SPAN_S), last]
  }
}

const SPANS_S = [60, 120, 300, 900]

/** Whole steps back from the newest: the newest is now. */
function stepsBack(_self: UPlot, _: number, from: number, to: number): number[] {
  const span = to - from
  const step = span / (span > 180 ? 3 : 2)
  return [0, 1, 2, 3].map((i) => to - i * step).filter((at) => at >= from - 0.5 && at < to)
}

function agoTexts(self: UPlot, steps: readonly number[]): string[] {
  const last = self.scales['x']?.max ?? 0
  return steps.map((at) => {
    const seconds = Math.round(last - at)
    return seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 6) / 10} min ago`
  })
}

function max(values: readonly (number | null | undefined)[]): number {
  let most = 0
  for (const value of values) if (typeof value === 'number' && value > most) most = value
  return most
}

/** What the style sheet means by a colour in the theme in force. */
function colorOf(near: HTMLElement, property: string): string {
  const probe = el('span', { hidden: true })
  probe.style.color = `var(${property})`
  near.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

function withAlpha(color: string): string {
  return color.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)')
}
