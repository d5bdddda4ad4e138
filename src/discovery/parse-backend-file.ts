import type { BackendSpec } from '../core/backend.ts'
import type { ConfigProblem } from '../core/errors.ts'
import { Problems } from '../config/problems.ts'
import { duplicateProblems, readBackends } from '../config/read-backends.ts'
import { quote } from '../config/invalid-value.ts'

export interface BackendFileOptions {
  /** What problems call it. */
  readonly name: string
  /** Of backends that say nothing else. */
  readonly maxConnections: number
}

/** More than these are counted, not told: the reason is one line of a log. */
const MOST_TOLD = 5

/**
 * Reads a list of backends, in JSON or YAML (which holds JSON). Each address counts once.
 *
 * Rejects with every problem and its line.
 */
export async function parseBackendFile(
  text: string,
  { name, maxConnections }: BackendFileOptions,
): Promise<readonly BackendSpec[]> {
  // Loaded only where a pool's backends come from a file.
  const { LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number): number => lines.linePos(offset).line
  const [broken] = document.errors
  if (broken !== undefined) throw new Error(`${name}:${lineAt(broken.pos[0])}: ${firstLine(broken.message)}`)
  const list = valueOf(document, name)
  if (!Array.isArray(list)) {
    throw new Error(
      `${name}:1: must be a list of backends such as [3001, "host:3002"], not ${quote(list ?? null)}`,
    )
  }
  const problems = new Problems()
  const read = list.flatMap((input: unknown, i) =>
    readBackends(input, { path: `[${i}]`, backup: false, maxConnections, problems }),
  )
  const seen = new Set<string>()
  const distinct = read.filter(({ spec }) => {
    const address = JSON.stringify(spec.address)
    return seen.has(address) ? false : seen.add(address)
  })
  problems.add(...duplicateProblems(distinct))
  if (problems.any) {
    const lineOf = (problem: ConfigProblem): number => lineAt(offsetOf(document, problem.path))
    throw new Error(told(problems.list.map((p) => `${name}:${lineOf(p)}: ${p.path} ${p.message}`)))
  }
  return distinct.map(({ spec }) => spec)
}

function valueOf(document: { toJS(): unknown }, name: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    // Aliases that lead nowhere, or to far too much.
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
  }
}

/** Where the value at `[2]` or `[2].weight` stands, or the nearest thing that holds it. */
function offsetOf(document: { getIn(path: unknown[], keepScalar: true): unknown }, path: string): number {
  const [, index, key] = /^\[(\d+)\](?:\.(.*))?$/.exec(path) ?? []
  const places: unknown[][] = [[Number(index), key], [Number(index)], []]
  for (const place of places) {
    const node = document.getIn(place, true) as { range?: readonly number[] } | null | undefined
    const start = node?.range?.[0]
    if (start !== undefined) return start
  }
  return 0
}

function told(problems: readonly string[]): string {
  const more = problems.length - MOST_TOLD
  return problems.slice(0, MOST_TOLD).join('; ') + (more > 0 ? `; and ${more} more` : '')
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string
}
