import { InvalidValueError, quote } from './invalid-value.ts'

/**
 * Reads a number of bytes as people write it: `16384`, `16KiB`, `1MiB`, `1GiB` (powers of 1,024), `64kB`, `10MB`, `1GB`
 * (powers of 1,000). `16k` is refused, because nobody can tell which of the two it means.
 *
 * @throws {InvalidValueError}
 */
export function parseSize(text: string): number {
  const [, amount, unit = ''] = SIZE.exec(text.trim()) ?? []
  const factor = BYTES_PER_UNIT[unit.toLowerCase()]
  const bytes = Number(amount) * (factor ?? NaN)
  if (amount === undefined || factor === undefined) {
    throw new InvalidValueError(`${quote(text)} is not a size: write 16384, 16KiB or 1MiB`)
  }
  if (!Number.isSafeInteger(bytes)) throw new InvalidValueError(`${quote(text)} is no whole number of bytes`)
  return bytes
}

/** Writes a number of bytes the way {@link parseSize} reads it: `0`, `1500`, `16KiB`. */
export function formatSize(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 1_073_741_824],
    ['MiB', 1_048_576],
    ['KiB', 1_024],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return String(bytes)
}

const SIZE = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i

const BYTES_PER_UNIT: Readonly<Record<string, number | undefined>> = {
  '': 1,
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
}
