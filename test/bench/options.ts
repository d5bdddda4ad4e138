import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { contenders } from './contenders.ts'
import { groups, metrics } from './metrics.ts'
import type { SuiteName } from './suites.ts'
import { suites } from './suites.ts'

export interface Options {
  readonly rounds: number
  readonly quick: boolean
  readonly json: boolean
  readonly suites: readonly SuiteName[]
  /** Names of metrics, and of `strategies`. */
  readonly only: readonly string[]
  readonly contenders: readonly string[]
  readonly views: readonly ViewName[]
  /** The contender's CPU and the load's. */
  readonly cpus: readonly [number, number]
  readonly pairs: number
}

/** `split`: the contender on one CPU, load and backends on the other. `shared`: all on one. */
export type ViewName = 'split' | 'shared'

/** Any name that is wrong; `main` prints the message alone. */
export class UsageError extends Error {}

export const help = `npm run bench -- [options]

Compares fairlead with the balancers that are installed, and prints a table.

  --quick               one short round: for a first look, not for conclusions
  --rounds <n>          rounds, each contender once a round (5)
  --suite <name>        tcp, http, all (all)
  --only <a,b>          ${namesOf('tcp')}, strategies,
                        ${namesOf('http')}
                        or several at once: ${Object.keys(groups).join(', ')}
  --contenders <a,b>    ${contendersOf('tcp')},
                        ${contendersOf('http')}
  --views <a,b>         split (contender on one CPU, load and backends on another), shared (all on one)
  --cpus <a,b>          the contender's CPU and the load's (0,1)
  --pairs <n>           sessions of the memory figures (2000)
  --json                prints JSON and nothing else
`

function namesOf(suite: SuiteName): string {
  const own = metrics.filter((metric) => metric.suite === suite)
  return own.map((metric) => metric.name).join(', ')
}

function contendersOf(suite: SuiteName): string {
  const own = contenders.filter((contender) => contender.suite === suite)
  return own.map((contender) => contender.name).join(', ')
}

/** Undefined when help is asked for. Throws {@link UsageError}. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const values = parse(args)
  if (values.help) return undefined
  const metricNames = [...metrics.map((metric) => metric.name), 'strategies']
  const only = values.only?.split(',').flatMap((name) => groups[name] ?? name)
  const standard = contenders.filter((contender) => contender.optional !== true)
  const cpus = numbers('--cpus', values.cpus)
  return {
    rounds: number('--rounds', values.rounds ?? (values.quick ? '1' : '5')),
    quick: values.quick,
    json: values.json,
    suites: suiteNames(values.suite),
    only: names('--only', only, metricNames, metricNames),
    contenders: names(
      '--contenders',
      values.contenders?.split(','),
      contenders.map((contender) => contender.name),
      standard.map((contender) => contender.name),
    ),
    views: names('--views', values.views?.split(','), ['split', 'shared'], defaultViews()) as ViewName[],
    cpus: [cpus[0] ?? 0, cpus[1] ?? cpus[0] ?? 0],
    pairs: number('--pairs', values.pairs),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        rounds: { type: 'string' },
        suite: { type: 'string', default: 'all' },
        only: { type: 'string' },
        contenders: { type: 'string' },
        views: { type: 'string' },
        cpus: { type: 'string', default: '0,1' },
        pairs: { type: 'string', default: '2000' },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function defaultViews(): string[] {
  return availableParallelism() > 1 ? ['split', 'shared'] : ['shared']
}

function suiteNames(given: string): readonly SuiteName[] {
  const all = suites.map((suite) => suite.name)
  return given === 'all' ? all : (names('--suite', given.split(','), all, all) as SuiteName[])
}

function names(
  flag: string,
  given: readonly string[] | undefined,
  known: readonly string[],
  standard: readonly string[],
): readonly string[] {
  if (given === undefined) return standard
  const wrong = given.filter((name) => !known.includes(name))
  if (wrong.length > 0)
    throw new UsageError(`${flag}: no ${wrong.join(', ')}; there are: ${known.join(', ')}`)
  return given
}

function numbers(flag: string, given: string): number[] {
  return given.split(',').map((text) => {
    if (!/^\d+$/.test(text)) throw new UsageError(`${flag}: not a whole number: ${JSON.stringify(text)}`)
    return Number(text)
  })
}

function number(flag: string, given: string): number {
  const [value = 0, ...rest] = numbers(flag, given)
  if (rest.length > 0 || value < 1) throw new UsageError(`${flag}: one number of at least 1`)
  return value
}
