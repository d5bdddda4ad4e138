/** 80 bits in base 32: as good as a UUID for telling requests apart, and shorter in a log. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'.split('')

/** All pairs of digits, ten bits each: an id is put together from eight of them, in place of sixteen digits. */
const PAIRS = DIGITS.flatMap((first) => DIGITS.map((second) => first + second))

/** Makes ids for requests that come without one. */
export function makeRequestIds(random: () => number): () => string {
  const four = (): string => {
    const bits = Math.trunc(random() * 2 ** 20)
    return (PAIRS[bits >> 10] as string) + (PAIRS[bits & 1023] as string)
  }
  return () => four() + four() + four() + four()
}
