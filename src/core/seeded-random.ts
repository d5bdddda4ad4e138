/**
 * A repeatable stand-in for `Math.random`: numbers in [0, 1) with 32 bits each, the same for the same seed on every
 * machine. (mulberry32 by Tommy Ettinger, public domain: passes gjrand; period 2^32.) Not for secrets.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
