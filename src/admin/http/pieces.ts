import type { Clock } from '../../core/clock.ts'
import type { Steps } from '../../core/steps.ts'
import { Slice } from '../slice.ts'

/** Shorter lists are written in one go. */
const LONG_LIST = 16
/** How often to look at the time: so much text takes some hundredths of a millisecond. */
const CHARS_BETWEEN_LOOKS = 2 * 1_024
/** Shorter pieces are not worth a write of their own each. The last one may be shorter. In characters, or bytes. */
const LEAST_PIECE = 32 * 1_024

/** A part of a text, or of its bytes; nothing: a step of the work is done that gave none. */
export type Piece = string | Buffer | void

/** A text as bytes, in pieces, in order. */
export interface Written {
  readonly pieces: readonly Buffer[]
  /** How long making it held up the loop, in all. */
  readonly busyMs: number
}

/** What becomes of a text's pieces while the next ones are made. */
export interface Encoder {
  /** Resolves once it can take the next one. */
  take(piece: Buffer): Promise<void>
  end(): Promise<readonly Buffer[]>
}

/**
 * Makes long texts beside the traffic: a snapshot of a thousand backends is megabytes. One text at a time, however
 * many are asked for, and of that a little at a time.
 */
export class Writer {
  readonly #clock: Clock
  #last: Promise<unknown> = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * @param make called when its turn has come, so that nothing waits in memory but who asked for it
   * @param encode called then too; default: the text as it is
   */
  write(make: () => Iterable<Piece>, encode: () => Encoder = plain): Promise<Written> {
    const text = this.#last.then(() => gather(make(), encode(), new Slice(this.#clock)))
    this.#last = text.catch(() => undefined) // whoever asked hears of it; the next is not concerned
    return text
  }
}

async function gather(parts: Iterable<Piece>, encoder: Encoder, slice: Slice): Promise<Written> {
  let text = ''
  let looksAt = CHARS_BETWEEN_LOOKS
  const made: Buffer[] = []
  // As bytes soon: of a whole megabyte that takes as long as several slices.
  const endText = (): void => {
    if (text !== '') made.push(Buffer.from(text))
    text = ''
  }
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part
      if (text.length < looksAt) continue
    } else if (part !== undefined) {
      endText()
      made.push(part)
    }
    looksAt = text.length + CHARS_BETWEEN_LOOKS
    // Who gives whole pieces has worked for about as long as a slice.
    if (!slice.isOver && !(part instanceof Buffer && part.length >= LEAST_PIECE)) continue
    if (text.length >= LEAST_PIECE) {
      endText()
      looksAt = CHARS_BETWEEN_LOOKS
    }
    if (made.length === 0) await slice.rest()
    else await Promise.all([slice.rest(), takeAll(encoder, made.splice(0))])
  }
  endText()
  slice.stop()
  await takeAll(encoder, made)
  return { pieces: await encoder.end(), busyMs: slice.busyMs }
}

async function takeAll(encoder: Encoder, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) await encoder.take(piece)
}

function plain(): Encoder {
  const pieces: Buffer[] = []
  return {
    take(piece) {
      pieces.push(piece)
      return Promise.resolve()
    },
    end: () => Promise.resolve(pieces),
  }
}

/** A part of a value that writes itself, as one value of JSON. */
export class JsonPart {
  readonly pieces: () => Iterable<Piece>

  constructor(pieces: () => Iterable<Piece>) {
    this.pieces = pieces
  }
}

/** What the steps give, as JSON. */
export function* jsonOf(steps: Steps<unknown>): Generator<Piece, void> {
  yield* jsonPieces(yield* steps)
}

/**
 * `value` as JSON: what `JSON.stringify` gives, with long lists element by element, wherever they lie, and with parts that
 * write themselves in objects, and in lists of those.
 */
export function* jsonPieces(value: unknown): Generator<Piece, void> {
  if (typeof value !== 'object' || value === null) yield JSON.stringify(value) ?? 'null'
  else if (value instanceof JsonPart) yield* value.pieces()
  else if (!Array.isArray(value)) yield* objectPieces(value)
  else if (value.length <= LONG_LIST) yield* shortListPieces(value)
  else yield* listPieces(value)
}

function* listPieces(list: readonly unknown[]): Generator<Piece, void> {
  let before = '['
  for (const element of list) {
    if (holdsPart(element)) {
      yield before
      yield* jsonPieces(element)
    } else yield before + (JSON.stringify(element) ?? 'null')
    before = ','
  }
  yield before === '[' ? '[]' : ']'
}

/** Something in it writes itself, which `JSON.stringify` would not let it do. */
function holdsPart(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  for (const name in value) if ((value as Record<string, unknown>)[name] instanceof JsonPart) return true
  return false
}

/** Snapshots hold lists in lists, down to backends; those alone are short enough to be written at once. */
function* shortListPieces(list: readonly unknown[]): Generator<Piece, void> {
  let before = '['
  for (const element of list) {
    yield before
    yield* jsonPieces(element)
    before = ','
  }
  yield before === '[' ? '[]' : ']'
}

function* objectPieces(value: object): Generator<Piece, void> {
  let before = '{'
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue
    yield `${before}${JSON.stringify(name)}:`
    yield* jsonPieces(part)
    before = ','
  }
  yield before === '{' ? '{}' : '}'
}
