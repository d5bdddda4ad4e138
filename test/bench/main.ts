import { runBench } from './bench.ts'
import type { Contender } from './contender.ts'
import { contenders as allContenders } from './contenders.ts'
import { describeMachine } from './machine.ts'
import type { Metric } from './metric.ts'
import { metrics as allMetrics } from './metrics.ts'
import type { Options } from './options.ts'
import { help, parseOptions, UsageError } from './options.ts'
import { descriptorLimit } from './proc.ts'
import { benchStrategies } from './strategies.ts'
import { suites } from './suites.ts'
import type { Report } from './table.ts'
import { formatReport } from './table.ts'
import { versionOf } from './tool.ts'
import { Workspace } from './workspace.ts'

process.exitCode = await main()

async function main(): Promise<number> {
  let options: Options | undefined
  try {
    options = parseOptions(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(help)
    return 0
  }
  if (process.platform !== 'linux' || versionOf('taskset', ['-V'], /(\S+)$/m) === undefined) {
    process.stderr.write('The benchmark needs Linux, for /proc, and taskset, from util-linux.\n')
    return 1
  }
  return compareAll(options)
}

async function compareAll(options: Options): Promise<number> {
  const workspace = new Workspace()
  const failures: string[] = []
  const notes: string[] = []
  try {
    const metrics = possibleMetrics(options, (note) => notes.push(note))
    const contenders = installedContenders(options, { workspace, metrics, note: (note) => notes.push(note) })
    const pairs = affordablePairs(options, (note) => notes.push(note))
    notes.forEach(progress)
    const note = (line: string): void => {
      progress(line)
      failures.push(line)
    }
    const remark = (line: string): void => {
      progress(line)
      notes.push(line)
    }
    const plan = {
      options,
      workspace,
      contenders: contenders.map((c) => c.contender),
      metrics,
      pairs,
      progress,
      note,
      remark,
    }
    const facts = { machine: describeMachine(), options, contenders, metrics }
    const results = await runBench(plan)
    const hasStrategies = options.only.includes('strategies') && options.suites.includes('tcp')
    if (hasStrategies) progress('strategies')
    const strategies = hasStrategies ? await benchStrategies() : []
    const report = { ...facts, results, strategies, notes: [...notes, ...failures] }
    process.stdout.write(options.json ? formatJson(report) : formatReport(report))
    return failures.length === 0 ? 0 : 1
  } finally {
    workspace.dispose()
  }
}

type Note = (line: string) => void

function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

function installedContenders(
  options: Options,
  { workspace, metrics, note }: { workspace: Workspace; metrics: readonly Metric[]; note: Note },
): Report['contenders'] {
  const installed: { contender: Contender; version: string }[] = []
  for (const contender of allContenders) {
    if (!options.contenders.includes(contender.name)) continue
    if (!metrics.some((metric) => metric.suite === contender.suite)) continue
    const version = contender.version()
    if (version === undefined) {
      note(`${contender.title} is missing (${contender.install}); left out`)
      continue
    }
    try {
      contender.prepare?.(workspace)
      installed.push({ contender, version })
    } catch (error) {
      note(`${contender.title} is left out: ${(error as Error).message}`)
    }
  }
  for (const { name, reference } of suites) {
    const isNeeded = metrics.some((metric) => metric.suite === name)
    const isThere = installed.some(({ contender }) => contender.name === reference)
    if (isNeeded && !isThere) note(`no ${reference}, so no ratios`)
  }
  return installed
}

function possibleMetrics(options: Options, note: Note): Metric[] {
  return allMetrics.filter((metric) => {
    if (!options.only.includes(metric.name) || !options.suites.includes(metric.suite)) return false
    if (metric.tool === undefined || metric.tool.version() !== undefined) return true
    note(`${metric.name} is left out: ${metric.tool.name} is missing (${metric.tool.install})`)
    return false
  })
}

/** Two descriptors a pair in a contender, and some to spare. */
function affordablePairs(options: Options, note: Note): number {
  const most = Math.floor(descriptorLimit() / 2) - 512
  if (options.pairs <= most) return options.pairs
  note(`memory is measured on ${most} pairs: more do not fit ulimit -n`)
  return most
}

function formatJson(report: Report): string {
  const { machine, options, metrics, strategies, notes } = report
  const results = report.results.all
  const contenders = report.contenders.map(({ contender, version }) => ({ name: contender.name, version }))
  const figures = metrics.flatMap((metric) => metric.figures)
  return `${JSON.stringify({ machine, options, contenders, figures, results, strategies, notes }, undefined, 2)}\n`
}
