/**
 * 32 well-mixed bits of the text from `start` on: FNV-1a over its char codes, then MurmurHash3's finalizer, since
 * FNV alone hardly mixes the last characters, and neighbouring addresses differ in nothing else.
 */
export function hashText(text: string, options: { readonly seed: number; readonly start: number }): number {
  let hash = FNV_OFFSET ^ options.seed
  for (let i = options.start; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
