import { hashText } from './hash.ts'

/** A prime, so that every stride visits every place; the paper's larger table, 655 places for each of 100. */
export const TABLE_SIZE = 65_537

export interface TableEntry {
  /** What the places of an entry depend on. */
  readonly id: string
  readonly weight: number
}

/**
 * The lookup table of Maglev ("Maglev: A Fast and Reliable Software Network Load Balancer", section 3.4): each
 * place holds the index of an entry. It is a function of the entries alone, not of those before, so that several
 * balancers, and one that was started again, agree. Whoever wants it independent of the order too, sorts.
 *
 * The entries take places in turn, each in its own order of preference. As in Envoy, one with half of the greatest
 * weight takes one in every other turn. All take one in the first, so that each has a place, however light.
 */
export function maglevTable(entries: readonly TableEntry[]): Int32Array {
  const table = new Int32Array(TABLE_SIZE).fill(-1)
  const preferences = entries.map(preferenceOf)
  const turnWeight = weightOfOneATurn(entries)
  const share = Float64Array.from(entries, ({ weight }) => weight / turnWeight)
  const credit = new Float64Array(entries.length).fill(1)
  const next = Int32Array.from(preferences, ({ offset }) => offset)
  const stride = Int32Array.from(preferences, ({ stride: step }) => step)
  for (let taken = 0; taken < TABLE_SIZE && entries.length > 0;) {
    for (let i = 0; i < entries.length; i++) {
      for (; (credit[i] as number) >= 1 && taken < TABLE_SIZE; taken++) {
        const place = firstFree(table, next[i] as number, stride[i] as number)
        table[place] = i
        next[i] = (place + (stride[i] as number)) % TABLE_SIZE
        credit[i] = (credit[i] as number) - 1
      }
      credit[i] = (credit[i] as number) + (share[i] as number)
    }
  }
  return table
}

/**
 * The weight that takes one place a turn: the greatest. But where one heavy entry stands among thousands of light
 * ones, nearly every turn would find nearly everyone without credit; there the heavy one takes several at once.
 * That bound is a power of two, so that it seldom moves as entries come and go.
 */
function weightOfOneATurn(entries: readonly TableEntry[]): number {
  let greatest = 0
  let sum = 0
  for (const { weight } of entries) {
    greatest = Math.max(greatest, weight)
    sum += weight
  }
  return Math.min(greatest, 2 ** Math.ceil(Math.log2((8 * sum) / entries.length)))
}

function preferenceOf({ id }: TableEntry): { offset: number; stride: number } {
  return {
    offset: hashText(id, { seed: 1, start: 0 }) % TABLE_SIZE,
    stride: 1 + (hashText(id, { seed: 2, start: 0 }) % (TABLE_SIZE - 1)),
  }
}

/** The first free place of the walk; the caller knows that there is one, and the walk visits all. */
function firstFree(table: Int32Array, from: number, stride: number): number {
  let place = from
  while (table[place] !== -1) {
    place += stride
    if (place >= TABLE_SIZE) place -= TABLE_SIZE
  }
  return place
}
