import type { Bed } from './bed.ts'
import type { Contender } from './contender.ts'
import type { WebBackends } from './load/web.ts'
import { startWebBackends } from './load/web.ts'
import type { Metric } from './metric.ts'
import type { Options, ViewName } from './options.ts'
import { Results } from './results.ts'
import { watchStolenTime } from './stolen-time.ts'
import { references } from './suites.ts'
import type { Workspace } from './workspace.ts'

export interface BenchPlan {
  readonly options: Options
  readonly workspace: Workspace
  readonly contenders: readonly Contender[]
  readonly metrics: readonly Metric[]
  readonly pairs: number
  /** Says what is being done. */
  progress(line: string): void
  /** Takes what went wrong; the benchmark goes on. */
  note(line: string): void
  /** Takes what the reader of a figure should know. */
  remark(line: string): void
}

/** Runs all rounds: within one, every contender in turn under each load, so that neighbours in time compare. */
export async function runBench(plan: BenchPlan): Promise<Results> {
  const results = new Results()
  const { views, rounds } = plan.options
  if (plan.metrics.length === 0) return results
  for (const view of views) {
    const web = await startWebBackends(plan.workspace, loadCpu(plan.options, view))
    for (let round = 0; round < rounds; round++) {
      for (const metric of plan.metrics) {
        if (metric.once !== true || view === views[0])
          await compare({ plan, view, round, metric, web, results })
      }
    }
    await web.child.stop()
  }
  results.conclude(...references)
  return results
}

interface Comparison {
  readonly plan: BenchPlan
  readonly view: ViewName
  readonly round: number
  readonly metric: Metric
  readonly web: WebBackends
  readonly results: Results
}

/** One metric of one round: every contender once. */
async function compare({ plan, view, round, metric, web, results }: Comparison): Promise<void> {
  const { options, workspace, pairs } = plan
  const bed = {
    workspace,
    web,
    pairs,
    contenderCpu: options.cpus[0],
    loadCpu: loadCpu(options, view),
    timing: options.quick ? QUICK : THOROUGH,
  }
  const label = (who: string): string =>
    `${view}, round ${round + 1} of ${options.rounds}: ${metric.name}, ${who}`
  const attempt = async (contender: Contender | undefined) => {
    const where = label(contender?.title ?? 'no balancer')
    plan.progress(where)
    const tell = (line: string): void => plan.remark(`${where}: ${line}`)
    return await watchStolenTime({ cpus: options.cpus, tell }, () =>
      measureOrNote({ ...bed, contender }, metric, (problem) => plan.note(`${where}: ${problem}`)),
    )
  }

  const direct = metric.lessDirect === true ? await attempt(undefined) : {}
  if (direct === undefined) return
  const contenders = plan.contenders.filter((contender) => contender.suite === metric.suite)
  for (const contender of rotated(contenders, round)) {
    const figures = await attempt(contender)
    for (const [figure, value] of Object.entries(figures ?? {})) {
      results.add({ view, figure, contender: contender.name, round }, value - (direct[figure] ?? 0))
    }
  }
}

const QUICK = { warmUpSeconds: 1, measureSeconds: 1 }
const THOROUGH = { warmUpSeconds: 2, measureSeconds: 3 }

async function measureOrNote(bed: Bed, metric: Metric, note: (problem: string) => void) {
  try {
    return await metric.measure(bed)
  } catch (error) {
    note((error as Error).message)
    return undefined
  }
}

/** Nobody is always the first after a pause or the last before one. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}

function loadCpu(options: Options, view: ViewName): number {
  return view === 'split' ? options.cpus[1] : options.cpus[0]
}
