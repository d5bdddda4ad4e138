import type { ByteText } from '../../core/byte-text.ts'
import type { Latencies } from '../../core/snapshot.ts'

type Write<Value> = (out: ByteText, value: Value) => void

interface Field {
  readonly name: string
  /** What stands before its value. */
  readonly before: Buffer
  readonly write: Write<unknown>
}

/** How objects of one kind are written as JSON, field by field: no text of them is made on the way. */
export class JsonFields<Of extends object> {
  readonly #fields: readonly Field[]

  /** @param writers in the order of the text; the first is of a field that is never undefined */
  constructor(writers: { readonly [Name in keyof Of]-?: Write<NonNullable<Of[Name]>> }) {
    this.#fields = Object.entries(writers).map(([name, write], i) => ({
      name,
      before: Buffer.from(`${i === 0 ? '{' : ','}"${name}":`),
      write: write as Write<unknown>,
    }))
  }

  /** Leaves the object open: the closing brace is the caller's, after whatever else he has to say of it. */
  write(out: ByteText, of: Of): void {
    for (const { name, before, write } of this.#fields) {
      const value = of[name as keyof Of]
      if (value === undefined) continue
      out.bytes(before)
      write(out, value)
    }
  }
}

export function text(out: ByteText, value: string): void {
  out.quoted(value)
}

export function number(out: ByteText, value: number): void {
  out.number(value)
}

/** Milliseconds, to the microsecond. */
export function ms(out: ByteText, value: number): void {
  out.rounded(value)
}

export function flag(out: ByteText, value: boolean): void {
  out.text(value ? 'true' : 'false')
}

/** For what is small and rare. */
export function anything(out: ByteText, value: object): void {
  out.text(JSON.stringify(value))
}

export function latencies(out: ByteText, { boundsMs, counts, sumMs }: Latencies): void {
  out.text('{"boundsMs":')
  out.bytes(bytesOf(boundsMs))
  let before = ',"counts":['
  for (let i = 0; i < counts.length; i++) {
    out.text(before)
    out.number(counts[i] as number)
    before = ','
  }
  out.text('],"sumMs":')
  out.rounded(sumMs)
  out.text('}')
}

const BOUNDS = new WeakMap<readonly number[], Buffer>()

/** Thousands of histograms share them. */
function bytesOf(bounds: readonly number[]): Buffer {
  let bytes = BOUNDS.get(bounds)
  if (bytes === undefined) BOUNDS.set(bounds, (bytes = Buffer.from(JSON.stringify(bounds))))
  return bytes
}
