import { isValueCode } from './http-chars.ts'

/** More than a usual head; a longer one makes it grow. */
const FIRST_BYTES = 4 * 1024

/**
 * Finds where field values end, four bytes at a time: most of a head are values, and to read them byte by byte is most
 * of what a head costs.
 */
export class ValueScanner {
  #bytes = Buffer.alloc(FIRST_BYTES)
  #words = new Int32Array(this.#bytes.buffer)
  #start = 0

  /** Takes a copy of a part of the bytes, since words must be aligned. Good until the next call. */
  load(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    // One byte more, for the zero that ends every value at the latest.
    if (length >= this.#bytes.length) this.#grow(length + 1)
    bytes.copy(this.#bytes, 0, start, end)
    this.#bytes[length] = 0
    this.#start = start
  }

  /** The first place from `at` on that holds no byte of a value, or that is the end. */
  endOfValue(at: number): number {
    const bytes = this.#bytes
    const words = this.#words
    let end = at - this.#start
    for (;;) {
      while ((end & 3) !== 0) {
        if (!isValueCode(bytes[end] as number)) return end + this.#start
        end++
      }
      while (isClear(words[end >> 2] as number)) end += 4
      // A word that is not clear may only hold a tab: byte by byte to the next one.
      if (!isValueCode(bytes[end] as number)) return end + this.#start
      end++
    }
  }

  #grow(bytes: number): void {
    this.#bytes = Buffer.alloc(2 ** Math.ceil(Math.log2(bytes)))
    this.#words = new Int32Array(this.#bytes.buffer)
  }
}

/**
 * None of the word's four bytes is below 32 or is 127. (Each subtraction borrows into a byte's highest bit exactly if
 * the byte was less; "Bit Twiddling Hacks" by Sean Anderson, "Determine if a word has a byte less than n".)
 */
function isClear(word: number): boolean {
  const deleted = word ^ 0x7f7f7f7f
  const controls = (word - 0x20202020) & ~word
  const deletes = (deleted - 0x01010101) & ~deleted
  return ((controls | deletes) & 0x80808080) === 0
}
