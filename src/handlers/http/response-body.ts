import { ChunkedScanner } from '../../wire/chunked.ts'
import type { Framing } from '../../wire/framing.ts'
import type { ResponseHead } from '../../wire/response-head.ts'

/** Finds the end of a response's body in the chunks as they come. */
export class ResponseBody {
  readonly framing: Framing
  /** The client does not know chunks: it gets the data alone. */
  readonly dechunks: boolean
  #left: number
  readonly #scanner: ChunkedScanner | undefined
  #runs: number[] | undefined = undefined

  constructor(head: ResponseHead, options: { dechunks: boolean }) {
    this.framing = head.framing
    this.dechunks = options.dechunks
    this.#left = head.contentLength
    this.#scanner = head.framing === 'chunked' ? new ChunkedScanner() : undefined
  }

  get isDone(): boolean {
    if (this.framing === 'length') return this.#left === 0
    if (this.#scanner !== undefined) return this.#scanner.isDone
    return this.framing === 'none'
  }

  /** Reads on from `offset`; gives where the body ends in this chunk, or its length; -1 where it is malformed. */
  read(chunk: Buffer, offset: number): number {
    switch (this.framing) {
      case 'none':
        return offset
      case 'close':
        return chunk.length
      case 'length': {
        const end = Math.min(chunk.length, offset + this.#left)
        this.#left -= end - offset
        return end
      }
      default:
        return this.#scan(this.#scanner as ChunkedScanner, chunk, offset)
    }
  }

  /** What of the bytes just read goes to the client. */
  pieces(chunk: Buffer, start: number, end: number): Buffer[] {
    if (!this.dechunks) return [start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end)]
    const runs = this.#runs ?? []
    const pieces: Buffer[] = []
    for (let i = 0; i < runs.length; i += 2) pieces.push(chunk.subarray(runs[i], runs[i + 1]))
    return pieces
  }

  #scan(scanner: ChunkedScanner, chunk: Buffer, offset: number): number {
    if (!this.dechunks) {
      const end = scanner.scan(chunk, offset)
      return scanner.isBroken ? -1 : end
    }
    const runs: number[] = []
    this.#runs = runs
    const end = scanner.scan(chunk, offset, (from, to) => runs.push(from, to))
    return scanner.isBroken ? -1 : end
  }
}
