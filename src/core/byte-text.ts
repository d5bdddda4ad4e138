/** Bytes that are worth a write of their own. */
const LEAST_PIECE = 32 * 1_024
/** Grows when it must: whoever looks for a piece after each step needs no more. */
const FIRST_ROOM = 2 * LEAST_PIECE

/** Code units from here on take more than a byte in UTF-8. */
const NOT_ASCII = 0x80
const MOST_BYTES_A_UNIT = 3
/** Node writes longer ones faster; calling it takes as long as this many characters. */
const MOST_CHARS_HERE = 24
const SPACE = 0x20
const QUOTE = 0x22
const POINT = 0x2e
const ZERO = 0x30
const BACKSLASH = 0x5c
const THOUSAND = 1_000
/** Up to here all that is reckoned with a number here is exact. */
const MOST_WHOLE = 10 ** 15
const MOST_ROUNDED = MOST_WHOLE / THOUSAND

/**
 * A long text written as bytes, with no strings in between: megabytes of those, made ten times a second beside traffic,
 * are what the garbage collector then holds traffic up for.
 */
export class ByteText {
  #bytes = Buffer.allocUnsafeSlow(FIRST_ROOM)
  #length = 0

  /** What has been written since the last time, once it is worth a write of its own. */
  piece(): Buffer | undefined {
    return this.#length < LEAST_PIECE ? undefined : this.take()
  }

  /** What has been written since the last time. The caller's own. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  /** As it is, in UTF-8. */
  text(text: string): void {
    const before = this.#length
    if (text.length > MOST_CHARS_HERE) return this.#utf8(text, before)
    this.#reserve(text.length)
    const bytes = this.#bytes
    let end = before
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= NOT_ASCII) return this.#utf8(text, before)
      bytes[end++] = code
    }
    this.#length = end
  }

  bytes(bytes: Buffer): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Where the next thing will stand, until the next piece is taken. */
  get end(): number {
    return this.#length
  }

  /** Once more what stands from `begin` to `end`. */
  again(begin: number, end: number): void {
    this.#reserve(end - begin)
    this.#bytes.copyWithin(this.#length, begin, end)
    this.#length += end - begin
  }

  /** As JSON: between quotes, escaped. */
  quoted(text: string): void {
    const before = this.#length
    this.#reserve(text.length + 2)
    const bytes = this.#bytes
    let end = before
    bytes[end++] = QUOTE
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code < SPACE || code === QUOTE || code === BACKSLASH || code >= NOT_ASCII) {
        return this.#utf8(JSON.stringify(text), before)
      }
      bytes[end++] = code
    }
    bytes[end++] = QUOTE
    this.#length = end
  }

  /** As JavaScript writes it. */
  number(value: number): void {
    if (value >= 0 && value <= MOST_WHOLE && Math.floor(value) === value) this.#whole(value)
    else this.text(String(value))
  }

  /** To its thousandths: milliseconds to the microsecond. */
  rounded(value: number): void {
    if (!(value >= 0 && value <= MOST_ROUNDED)) return this.number(value)
    const thousandths = Math.round(value * THOUSAND)
    const whole = Math.floor(thousandths / THOUSAND)
    this.#whole(whole)
    let rest = thousandths - whole * THOUSAND
    if (rest === 0) return
    this.#reserve(4)
    this.#bytes[this.#length++] = POINT
    for (let unit = THOUSAND / 10; rest > 0; unit /= 10) {
      const digit = Math.floor(rest / unit)
      this.#bytes[this.#length++] = ZERO + digit
      rest -= digit * unit
    }
  }

  #whole(value: number): void {
    let end = this.#length + 1
    for (let most = 10; value >= most; most *= 10) end++
    this.#reserve(end - this.#length)
    const bytes = this.#bytes
    let left = value
    for (let at = end - 1; at >= this.#length; at--) {
      const others = Math.floor(left / 10)
      bytes[at] = ZERO + left - others * 10
      left = others
    }
    this.#length = end
  }

  /** `text`, in place of what stands from `at` on. */
  #utf8(text: string, at: number): void {
    this.#length = at
    this.#reserve(text.length * MOST_BYTES_A_UNIT)
    this.#length += this.#bytes.write(text, at)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#length + more))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
