/** 80 bits in base 32: as good as a UUID for telling requests apart, and shorter in a log. */
const DIGITS = 16
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** How many base-32 digits one random number of 53 bits gives. */
const DIGITS_A_NUMBER = 8

/** Makes ids for requests that come without one. */
export function makeRequestIds(random: () => number): () => string {
  return () => {
    let id = ''
    for (let i = 0; i < DIGITS; i += DIGITS_A_NUMBER) {
      let bits = Math.floor(random() * 2 ** 40)
      for (let j = 0; j < DIGITS_A_NUMBER; j++) {
        id += ALPHABET[bits % 32]
        bits = Math.floor(bits / 32)
      }
    }
    return id
  }
}
