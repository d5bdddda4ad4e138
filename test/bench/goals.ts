import type { Figure, Goal, Metric } from './metric.ts'
import type { Options, ViewName } from './options.ts'
import type { Results } from './results.ts'
import { median, roundRatios } from './stats.ts'
import { suites } from './suites.ts'

/** Whether fairlead reaches what is asked of it: one line a figure, goal and view, none where nothing is asked. */
export function formatGoals(of: { options: Options; results: Results }, metric: Metric): string[] {
  const suite = suites.find(({ name }) => name === metric.suite)
  if (suite === undefined) return []
  return metric.figures.flatMap((figure) =>
    of.options.views.flatMap((view) => {
      const { value, ...ratios } = figure.goal ?? {}
      const place = { ...suite, figure, view, results: of.results }
      return [...ownGoal(place, value), ...ratioGoals(place, ratios)]
    }),
  )
}

interface Place {
  readonly own: string
  readonly reference: string
  readonly figure: Figure
  readonly view: ViewName
  readonly results: Results
}

function ownGoal(place: Place, most: number | undefined): string[] {
  const value = place.results.find(place.view, place.figure.id, place.own)?.median
  return value === undefined || most === undefined ? [] : [verdict(place, value, place.figure.unit, most)]
}

/** As a median of ratios within a round, like those of the table. */
function ratioGoals(place: Place, { ratio, rivals = {} }: Goal): string[] {
  const { results, view, figure } = place
  const goals = { ...(ratio === undefined ? {} : { [place.reference]: ratio }), ...rivals }
  const own = results.find(view, figure.id, place.own)?.rounds ?? []
  return Object.entries(goals).flatMap(([rival, most]) => {
    const ratios = roundRatios(own, results.find(view, figure.id, rival)?.rounds ?? [])
    return ratios.length === 0 ? [] : [verdict(place, median(ratios), `x ${rival}`, most)]
  })
}

function verdict({ figure, view }: Place, value: number, unit: string, most: number): string {
  const met = value <= most ? 'met   ' : 'MISSED'
  return `${met}  ${figure.id} (${view}): ${value.toFixed(2)} ${unit}, goal at most ${Number(most.toFixed(2))}`
}
