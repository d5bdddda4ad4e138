import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'

/** Most bytes that a pattern is looked for in, and most that a message shows. */
const MOST_UNMATCHED_BYTES = 65_536
const MOST_SHOWN_BYTES = 200

/** What a client has sent and no step of a script has taken yet. */
export class ScriptInput {
  #rest = Buffer.alloc(0)
  #hasFin = false
  #ended = false
  #wake: () => void = () => undefined

  constructor(stream: Duplex) {
    stream.on('data', (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk])
      this.#wake()
    })
    stream.on('end', () => {
      this.#hasFin = true
      this.#finish()
    })
    // Also after a reset, or because we closed it.
    stream.on('close', () => this.#finish())
  }

  /** The client has ended its direction, or the connection is gone. */
  get ended(): boolean {
    return this.#ended
  }

  rest(): Buffer {
    return this.#rest
  }

  /** Resolves when more has come, at the end, or at `wake`. */
  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake()
  }

  /** Nothing more has come, but the client's FIN. A connection that is gone without one has not ended well. */
  end(): 'yes' | 'no' | 'unknown' {
    if (this.#rest.length > 0) return 'no'
    return this.#hasFin ? 'yes' : 'unknown'
  }

  /** Takes what is expected. `unknown`: what has come so far may be its beginning. */
  expect(what: string | Uint8Array | RegExp): 'yes' | 'no' | 'unknown' {
    return what instanceof RegExp ? this.#match(what) : this.#compare(Buffer.from(what))
  }

  #finish(): void {
    this.#ended = true
    this.#wake()
  }

  #match(pattern: RegExp): 'yes' | 'no' | 'unknown' {
    // One character a byte, so that the place in the text is the place in the bytes.
    const found = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, '')).exec(
      this.#rest.toString('latin1'),
    )
    if (found !== null) {
      this.#rest = this.#rest.subarray(found.index + found[0].length)
      return 'yes'
    }
    return this.#rest.length > MOST_UNMATCHED_BYTES ? 'no' : 'unknown'
  }

  #compare(expected: Buffer): 'yes' | 'no' | 'unknown' {
    const length = Math.min(expected.length, this.#rest.length)
    if (!this.#rest.subarray(0, length).equals(expected.subarray(0, length))) return 'no'
    if (length < expected.length) return 'unknown'
    this.#rest = this.#rest.subarray(length)
    return 'yes'
  }
}

/** For messages: a text in quotes with everything unprintable escaped, or the pattern. */
export function show(what: string | Uint8Array | RegExp): string {
  if (what instanceof RegExp) return inspect(what)
  const bytes = Buffer.from(what)
  if (bytes.length === 0) return 'nothing'
  const shown = JSON.stringify(bytes.subarray(0, MOST_SHOWN_BYTES).toString('latin1'))
  return bytes.length > MOST_SHOWN_BYTES ? `${shown}... (${bytes.length} bytes)` : shown
}
