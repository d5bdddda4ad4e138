import { trimBlanks } from './http-chars.ts'
import type { Refusal } from './refusal.ts'
import { refuse } from './refusal.ts'

/** How a body's end is found: `length` bytes, chunked, or when the connection closes (responses only). */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

/** 2^53 - 1 has 16 digits. */
const MOST_LENGTH_DIGITS = 16

/** The value of one Content-Length field; NaN for anything but plain digits within 2^53 - 1. */
export function parseContentLength(bytes: Buffer, { start, end }: { start: number; end: number }): number {
  if (end <= start || end - start > MOST_LENGTH_DIGITS) return Number.NaN
  let length = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    length = length * 10 + digit
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : Number.NaN
}

/**
 * Holds a Transfer-Encoding against the only one that we take, `chunked`. Others ending in chunked are real, but
 * not implemented; everything else leaves the body's end in doubt.
 */
export function checkTransferEncoding(value: string): Refusal | undefined {
  const simple = value.toLowerCase()
  if (simple === 'chunked') return undefined
  const codings = simple.split(',').map((coding) => trimBlanks(coding))
  const others = codings.slice(0, -1)
  const areReal = others.length > 0 && others.every((coding) => REAL_CODINGS.has(coding))
  if (areReal && codings.at(-1) === 'chunked') return refuse(501, 'a transfer coding that is not implemented')
  return refuse(400, 'a transfer encoding other than chunked')
}

/** The transfer codings registered with IANA. */
const REAL_CODINGS: ReadonlySet<string> = new Set(['gzip', 'x-gzip', 'deflate', 'compress', 'x-compress'])
