import { seededRandom } from './seeded-random.ts'

/** What repeatable randomness starts from: any number, or any text. */
export type Seed = number | string

/** Numbers in [0, 1), the same for the same seed; `7` and `'7'` are the same seed. */
export function randomFrom(seed: Seed): () => number {
  return seededRandom(seedNumber(String(seed)))
}

/** A whole number stands for itself; of everything else, 32 bits of FNV-1a. */
function seedNumber(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
