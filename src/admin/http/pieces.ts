import { nextTurn } from '../next-turn.ts'

/** So long at a time; then traffic has its turn. Short beside what a request through a balancer takes. */
export const TURN_MS = 1
/** Shorter lists are written in one go. */
const LONG_LIST = 16
/**
 * Makes long texts beside the traffic: a snapshot of a thousand backends is megabytes. One text at a time, however
 * many are asked for, and of that a little at a time.
 */
export class Writer {
  #last: Promise<unknown> = Promise.resolve()

  /** @param make called when its turn has come, so that nothing waits in memory but who asked for it */
  write(make: () => Iterable<string>): Promise<Buffer> {
    const text = this.#last.then(() => gather(make()))
    this.#last = text.catch(() => undefined) // whoever asked hears of it; the next is not concerned
    return text
  }
}

async function gather(pieces: Iterable<string>): Promise<Buffer> {
  const done: Buffer[] = []
  let text = ''
  let turnEnds = performance.now() + TURN_MS
  for (const piece of pieces) {
    text += piece
    if (performance.now() < turnEnds) continue
    // As bytes at once: of a whole megabyte that takes as long as a turn may.
    done.push(Buffer.from(text))
    text = ''
    await nextTurn()
    turnEnds = performance.now() + TURN_MS
  }
  done.push(Buffer.from(text))
  return Buffer.concat(done)
}

/** `value` as JSON: what `JSON.stringify` gives, with long lists element by element, wherever they lie. */
export function* jsonPieces(value: unknown): Generator<string, void> {
  if (Array.isArray(value)) yield* listPieces(value)
  else if (typeof value === 'object' && value !== null) yield* objectPieces(value)
  else yield JSON.stringify(value) ?? 'null'
}

function* listPieces(list: readonly unknown[]): Generator<string, void> {
  if (list.length === 0) yield '['
  for (let i = 0; i < list.length; i++) {
    yield i === 0 ? '[' : ','
    // Snapshots hold lists in lists, down to backends; those alone are short enough to be written at once.
    if (list.length > LONG_LIST) yield JSON.stringify(list[i]) ?? 'null'
    else yield* jsonPieces(list[i])
  }
  yield ']'
}

function* objectPieces(value: object): Generator<string, void> {
  let before = '{'
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue
    yield `${before}${JSON.stringify(name)}:`
    yield* jsonPieces(part)
    before = ','
  }
  yield before === '{' ? '{}' : '}'
}
