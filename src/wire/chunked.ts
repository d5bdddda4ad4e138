import { FieldKind, fieldKind } from './field-kinds.ts'
import { COLON, CR, isTokenCode, isValueCode, LF } from './http-chars.ts'

/** A chunk's size has at most this many hex digits: beyond 2^53 nobody counts exactly. */
const MOST_SIZE_DIGITS = 13
/** A chunk's extensions, and all trailers together, may take this many bytes: they carry nothing that we need. */
const MOST_EXTENSION_BYTES = 4 * 1024
const MOST_TRAILER_BYTES = 16 * 1024

const State = {
  size: 0,
  extensionStart: 1,
  extensionName: 2,
  extensionValueStart: 3,
  extensionValue: 4,
  extensionQuoted: 5,
  extensionEscape: 6,
  extensionEnd: 7,
  sizeLf: 8,
  data: 9,
  dataCr: 10,
  dataLf: 11,
  lineStart: 12,
  trailerName: 13,
  trailerValue: 14,
  trailerLf: 15,
  lastLf: 16,
  done: 17,
  broken: 18,
} as const

type State = (typeof State)[keyof typeof State]

/**
 * Finds the end of a chunked body (RFC 9112, section 7.1) in whatever pieces it comes, and refuses what is not
 * exactly one. It changes nothing: the bytes are passed on as they came, unless asked for the data alone.
 */
export class ChunkedScanner {
  #state: State = State.size
  #size = 0
  #digits = 0
  /** Bytes of the present chunk's data that are still to come. */
  #left = 0
  #extra = 0
  #trailer = ''

  get isDone(): boolean {
    return this.#state === State.done
  }

  get isBroken(): boolean {
    return this.#state === State.broken
  }

  reset(): void {
    this.#state = State.size
    this.#size = 0
    this.#digits = 0
    this.#left = 0
    this.#extra = 0
    this.#trailer = ''
  }

  /**
   * Reads on from `offset`. Returns where the body ends, if it ends within `bytes`, where it breaks, if it does, else
   * `bytes.length`; look at `isDone` and `isBroken`. `onData` is called with each run of data, for those who take the
   * framing off.
   */
  scan(bytes: Uint8Array, offset: number, onData?: (start: number, end: number) => void): number {
    let at = offset
    while (at < bytes.length && this.#state !== State.done) {
      if (this.#state === State.data) {
        const end = Math.min(bytes.length, at + this.#left)
        onData?.(at, end)
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#state = State.dataCr
        continue
      }
      this.#state = this.#step(bytes[at] as number)
      if (this.#state === State.broken) return at
      at++
    }
    return at
  }

  #step(code: number): State {
    switch (this.#state) {
      case State.size:
        return this.#inSize(code)
      case State.extensionStart:
      case State.extensionName:
      case State.extensionValueStart:
      case State.extensionValue:
      case State.extensionQuoted:
      case State.extensionEscape:
      case State.extensionEnd:
        return ++this.#extra > MOST_EXTENSION_BYTES ? State.broken : nextInExtension(this.#state, code)
      case State.sizeLf:
        return this.#afterSize(code)
      case State.dataCr:
        return code === CR ? State.dataLf : State.broken
      case State.dataLf:
        return code === LF ? this.#nextChunk() : State.broken
      case State.lineStart:
      case State.trailerName:
      case State.trailerValue:
        return this.#inTrailer(code)
      case State.trailerLf:
        return code === LF ? State.lineStart : State.broken
      case State.lastLf:
        return code === LF ? State.done : State.broken
      default:
        return State.broken
    }
  }

  #inSize(code: number): State {
    const digit = hexDigit(code)
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit
      return ++this.#digits > MOST_SIZE_DIGITS ? State.broken : State.size
    }
    if (this.#digits === 0) return State.broken
    return endOfExtension(code)
  }

  #afterSize(code: number): State {
    if (code !== LF) return State.broken
    this.#extra = 0
    if (this.#size === 0) return State.lineStart
    this.#left = this.#size
    return State.data
  }

  #nextChunk(): State {
    this.#size = 0
    this.#digits = 0
    return State.size
  }

  #inTrailer(code: number): State {
    if (++this.#extra > MOST_TRAILER_BYTES) return State.broken
    if (this.#state === State.trailerValue) {
      if (code === CR) return State.trailerLf
      return isValueCode(code) ? State.trailerValue : State.broken
    }
    if (isTokenCode(code)) {
      this.#trailer += String.fromCharCode(code)
      return State.trailerName
    }
    if (this.#state === State.trailerName) return code === COLON ? this.#endTrailerName() : State.broken
    return code === CR ? State.lastLf : State.broken
  }

  /**
   * RFC 9110, section 6.5.1: framing, routing and who the client is belong into the head. A backend that merges
   * trailers into it would take from there what we have refused or replaced above.
   */
  #endTrailerName(): State {
    const kind = fieldKind(this.#trailer)
    this.#trailer = ''
    return kind === FieldKind.other ? State.trailerValue : State.broken
  }
}

/**
 * `;name`, `;name=token` or `;name="quoted"`, exactly: extensions say nothing to us, but a reader that takes a line
 * end or a quote in them for something else would find other chunks than we do.
 */
function nextInExtension(state: State, code: number): State {
  switch (state) {
    case State.extensionStart:
      return isTokenCode(code) ? State.extensionName : State.broken
    case State.extensionName:
      if (isTokenCode(code)) return state
      return code === EQUALS ? State.extensionValueStart : endOfExtension(code)
    case State.extensionValueStart:
      if (code === QUOTE) return State.extensionQuoted
      return isTokenCode(code) ? State.extensionValue : State.broken
    case State.extensionValue:
      return isTokenCode(code) ? state : endOfExtension(code)
    case State.extensionQuoted:
      if (code === QUOTE) return State.extensionEnd
      if (code === BACKSLASH) return State.extensionEscape
      return isValueCode(code) ? state : State.broken
    case State.extensionEscape:
      return isValueCode(code) ? State.extensionQuoted : State.broken
    default:
      return endOfExtension(code)
  }
}

function endOfExtension(code: number): State {
  if (code === CR) return State.sizeLf
  return code === SEMICOLON ? State.extensionStart : State.broken
}

const SEMICOLON = 59
const EQUALS = 61
const QUOTE = 34
const BACKSLASH = 92

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const letter = code | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}
