import type { Figure } from './metrics.ts'
import type { Options, ViewName } from './options.ts'
import type { Results } from './results.ts'
import { median, roundRatios } from './stats.ts'

/** Whether fairlead reaches what is asked of it in a figure: one line a goal and view, none without a goal. */
export function formatGoals(of: { options: Options; results: Results }, figure: Figure): string[] {
  return of.options.views.flatMap((view) => {
    const lines = [ownGoal(of.results, figure, view), rivalGoal(of.results, figure, view)]
    return lines.filter((line) => line !== undefined)
  })
}

function ownGoal(results: Results, figure: Figure, view: ViewName): string | undefined {
  const result = results.find(view, figure.id, 'fairlead')
  if (result === undefined || figure.goal === undefined) return undefined
  if ('value' in figure.goal) {
    if (result.median === undefined) return undefined
    return verdict(result.median, figure.goal.value, { figure, view, unit: figure.unit })
  }
  if (result.ratio === undefined) return undefined
  return verdict(result.ratio.median, figure.goal.ratio, { figure, view, unit: 'x HAProxy' })
}

/** As a median of ratios within a round, like the others. */
function rivalGoal(results: Results, figure: Figure, view: ViewName): string | undefined {
  const rival =
    figure.goal !== undefined && 'noDearerThan' in figure.goal ? figure.goal.noDearerThan : undefined
  if (rival === undefined) return undefined
  const own = results.find(view, figure.id, 'fairlead')?.rounds ?? []
  const ratios = roundRatios(own, results.find(view, figure.id, rival)?.rounds ?? [])
  return ratios.length === 0 ? undefined : verdict(median(ratios), 1, { figure, view, unit: `x ${rival}` })
}

function verdict(value: number, most: number, of: { figure: Figure; view: ViewName; unit: string }): string {
  const met = value <= most ? 'met   ' : 'MISSED'
  return `${met}  ${of.figure.id} (${of.view}): ${value.toFixed(2)} ${of.unit}, goal at most ${most}`
}
