import type { Contender } from './contender.ts'
import type { Machine } from './machine.ts'
import type { Figure, Metric } from './metric.ts'
import type { Options, ViewName } from './options.ts'
import type { Result, Results } from './results.ts'
import { formatGoals } from './goals.ts'
import { references } from './suites.ts'
import type { StrategyRow } from './strategies.ts'
import { formatStrategyRows } from './strategies.ts'

export interface Report {
  readonly machine: Machine
  readonly options: Options
  readonly contenders: readonly { readonly contender: Contender; readonly version: string }[]
  readonly metrics: readonly Metric[]
  readonly results: Results
  readonly strategies: readonly StrategyRow[]
  readonly notes: readonly string[]
}

/** The whole report for people: facts, one block a figure, goals, notes. */
export function formatReport(report: Report): string {
  const { metrics } = report
  const blocks = [
    formatFacts(report),
    ...metrics.flatMap((metric) => metric.figures.map((figure) => formatFigure(report, metric, figure))),
  ]
  const goals = metrics.flatMap((metric) => formatGoals(report, metric))
  if (goals.length > 0)
    blocks.push(['fairlead against its goals:', ...goals.map((goal) => `  ${goal}`)].join('\n'))
  if (report.strategies.length > 0) blocks.push(`Strategies\n${formatStrategyRows(report.strategies)}`)
  if (report.notes.length > 0) blocks.push(['Notes:', ...report.notes.map((note) => `  ${note}`)].join('\n'))
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

/** Rows of cells as lines, each column as wide as its widest cell; the first is flush left, the others right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)))
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function formatFacts({ machine, options, contenders }: Report): string {
  const versions = contenders.map(({ contender, version }) => `${contender.title} ${version}`)
  const [first, second] = options.cpus
  const facts = Object.entries({
    ...machine,
    contenders: versions.join(', '),
    rounds: `${options.rounds}${options.quick ? ' (quick)' : ''}; the median counts`,
    split: `contender on CPU ${first}, load and backends on CPU ${second}`,
    shared: `all on CPU ${first}`,
    'x HAProxy': 'median of the ratios within a round (least..most)',
  }).filter(([name]) => (name !== 'split' && name !== 'shared') || options.views.includes(name))
  const width = Math.max(...facts.map(([name]) => name.length))
  return facts.map(([name, fact]) => `${name.padEnd(width)}  ${fact}`).join('\n')
}

function formatFigure(
  { contenders: all, options, results }: Report,
  { suite }: Metric,
  figure: Figure,
): string {
  const contenders = all.filter(({ contender }) => contender.suite === suite)
  const of = (view: ViewName, name: string): Result | undefined => results.find(view, figure.id, name)
  const views = options.views.filter((view) => contenders.some(({ contender }) => of(view, contender.name)))
  if (views.length === 0) return ''
  const rows = contenders.map(({ contender }) => [
    `  ${contender.title}`,
    ...views.flatMap((view) => formatResult(figure, of(view, contender.name))),
  ])
  const headings = ['', ...views.flatMap((view) => [view, 'x HAProxy', ''])]
  return [`${figure.title}, ${figure.unit}`, ...alignColumns([headings, ...rows])].join('\n')
}

function formatResult({ digits }: Figure, result: Result | undefined): string[] {
  const value = result?.median?.toFixed(digits) ?? '-'
  if (result?.ratio === undefined) return [value, '-', '']
  const { median, min, max } = result.ratio
  const around = references.includes(result.contender) ? '' : `(${min.toFixed(2)}..${max.toFixed(2)})`
  return [value, median.toFixed(2), around]
}
