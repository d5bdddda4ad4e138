import { parsePort } from '../config/parse-host-port.ts'
import type { Problems } from '../config/problems.ts'
import type { Argv } from './argv.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** A flag given twice counts as given last; one without its value is an empty text, which no reader takes. */
export function textOf(value: unknown): string | undefined {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  if (last === undefined) return undefined
  return typeof last === 'string' ? last : ''
}

export function readPort(
  argv: Argv,
  env: Env,
  from: { flag: string; variable: string; fallback: number; problems: Problems },
): number {
  const flag = textOf(argv[from.flag])
  const given = flag ?? (env[from.variable] || undefined)
  if (given === undefined) return from.fallback
  const place = flag === undefined ? from.variable : `--${from.flag}`
  return from.problems.attempt(place, () => parsePort(given, { lowest: 0 })) ?? from.fallback
}

/** One line for each problem. */
export function describeProblems(problems: Problems): string[] {
  return problems.list.map(({ path, message }) => `${path}: ${message}`)
}
