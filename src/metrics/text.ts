import type { ByteText } from '../core/byte-text.ts'
import type { Latencies } from '../core/snapshot.ts'

/** Labels as they stand between the braces: `pool="web",backend="a"`; empty where there are none. */
export type Labels = string

/** What stands before a value. */
export interface Series {
  /** Whole, with the prefix of its table. Written ten thousand times, so it is bytes already. */
  readonly name: Buffer
  readonly of: Labels
}

const ENDINGS = new WeakMap<readonly number[], readonly Buffer[]>()

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
export function writeLine(out: ByteText, { name, of }: Series, value: number): void {
  out.bytes(name)
  writeLabels(out, of)
  writeValue(out, value)
}

/** One of several series of a row, told apart by one more label. `key` is ours. */
export function writeKeyedLine(
  out: ByteText,
  { name, of }: Series,
  { label, key, value }: { readonly label: string; readonly key: string; readonly value: number },
): void {
  out.bytes(name)
  out.text('{')
  if (of !== '') {
    out.text(of)
    out.text(',')
  }
  out.text(label)
  out.text('="')
  out.text(key)
  out.text('"}')
  writeValue(out, value)
}

/** A histogram's series: buckets that count everything up to their bound in seconds, the sum, and the count. */
export function writeHistogram(
  out: ByteText,
  { name, of }: Series,
  { boundsMs, counts, sumMs }: Latencies,
): void {
  const endings = endingsOf(boundsMs)
  const begin = out.end
  out.bytes(name)
  out.text('_bucket{')
  out.text(of)
  out.text(',le="')
  const end = out.end
  let count = 0
  for (let i = 0; i < counts.length; i++) {
    count += counts[i] as number
    if (i > 0) out.again(begin, end)
    out.bytes(endings[i] as Buffer)
    out.number(count)
    out.text('\n')
  }
  out.bytes(name)
  out.text('_sum')
  writeLabels(out, of)
  writeValue(out, sumMs / 1_000)
  out.bytes(name)
  out.text('_count')
  writeLabels(out, of)
  writeValue(out, count)
}

/** What stands in each bucket's line from its bound on, up to the value; bounds are shared by thousands of histograms. */
function endingsOf(boundsMs: readonly number[]): readonly Buffer[] {
  const known = ENDINGS.get(boundsMs)
  if (known !== undefined) return known
  const endings = [...boundsMs.map((bound) => bound / 1_000), '+Inf'].map((bound) =>
    Buffer.from(`${bound}"} `),
  )
  ENDINGS.set(boundsMs, endings)
  return endings
}

function writeLabels(out: ByteText, of: Labels): void {
  if (of === '') return
  out.text('{')
  out.text(of)
  out.text('}')
}

function writeValue(out: ByteText, value: number): void {
  out.text(' ')
  out.number(value)
  out.text('\n')
}

/** A quote or a line break would end the value early, and make series of somebody's choice. */
function escapeValue(value: string): string {
  return value.replaceAll(/[\\"\n]/g, (char) => ESCAPES[char] as string)
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }
