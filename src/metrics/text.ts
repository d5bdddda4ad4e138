import type { LatencySnapshot } from '../core/snapshot.ts'

/** Labels as they stand between the braces: `pool="web",backend="a"`; empty where there are none. */
export type Labels = string

/** Writes labels. Names are ours; values may hold anything. */
export function labels(pairs: Readonly<Record<string, string>>): Labels {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}="${escapeValue(value)}"`)
    .join(',')
}

/** The two lines that stand before a family's series. `help` is ours, and one line. */
export function heading(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

/** One series. */
export function line(name: string, of: Labels, value: number): string {
  return of === '' ? `${name} ${value}\n` : `${name}{${of}} ${value}\n`
}

/** A histogram's series: buckets that count everything up to their bound in seconds, the sum, and the count. */
export function histogramLines(
  name: string,
  of: Labels,
  { boundsMs, counts, sumMs }: LatencySnapshot,
): string {
  let text = ''
  let count = 0
  for (let i = 0; i < counts.length; i++) {
    count += counts[i] as number
    const bound = boundsMs[i]
    text += `${name}_bucket{${of},le="${bound === undefined ? '+Inf' : bound / 1_000}"} ${count}\n`
  }
  return `${text}${name}_sum{${of}} ${sumMs / 1_000}\n${name}_count{${of}} ${count}\n`
}

/** A quote or a line break would end the value early, and make series of somebody's choice. */
function escapeValue(value: string): string {
  return value.replaceAll(/[\\"\n]/g, (char) => ESCAPES[char] as string)
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }
