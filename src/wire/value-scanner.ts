import { isValueCode } from './http-chars.ts'

/** More than a usual head; a longer one makes it grow. */
const FIRST_BYTES = 4 * 1024

/**
 * Finds where field values end, four bytes at a time: most of a head are values, and to read them character by
 * character is most of what a head costs.
 */
export class ValueScanner {
  #bytes = Buffer.alloc(FIRST_BYTES)
  #words = new Int32Array(this.#bytes.buffer)

  /** Takes a copy of the text, which must be of one byte a character. Good until the next call. */
  load(text: string): void {
    // One byte more, for the zero that ends every value at the latest.
    if (text.length >= this.#bytes.length) this.#grow(text.length + 1)
    this.#bytes.write(text, 0, 'latin1')
    this.#bytes[text.length] = 0
  }

  /** The first place from `at` on that holds no byte of a value. */
  endOfValue(at: number): number {
    const bytes = this.#bytes
    const words = this.#words
    let end = at
    for (;;) {
      while ((end & 3) !== 0) {
        if (!isValueCode(bytes[end] as number)) return end
        end++
      }
      while (isClear(words[end >> 2] as number)) end += 4
      // A word that is not clear may only hold a tab: byte by byte to the next one.
      if (!isValueCode(bytes[end] as number)) return end
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
