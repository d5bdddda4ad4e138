import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { parseBackendFile } from './parse-backend-file.ts'
import type { Answer, Source } from './source.ts'
import { watchFile } from './watch-file.ts'

export interface FileSourceOptions {
  readonly path: string
  readonly most: number
  readonly maxConnections: number
  readonly clock: Clock
}

/** A thousand backends, spelled out, take a tenth of this. */
const MOST_BYTES = 4 * 1024 * 1024

/**
 * A file with a list of backends (JSON or YAML), written as in the configuration. A file that is missing or not right
 * in every entry is no answer. Whoever writes it had better write another one and rename it.
 */
export class FileSource implements Source {
  readonly name: string
  readonly #options: FileSourceOptions
  /** What was read last, so that a look at an unchanged file costs no parsing. */
  #last: { readonly text: string; readonly answer: Answer } | undefined

  constructor(options: FileSourceOptions) {
    this.name = `file ${options.path}`
    this.#options = options
  }

  async look(): Promise<Answer> {
    const { path, maxConnections } = this.#options
    const text = await readText(path)
    if (this.#last?.text === text) return this.#last.answer
    const backends = await parseBackendFile(text, { name: basename(path), maxConnections })
    this.#last = { text, answer: { backends, problems: [], ttlMs: undefined } }
    return this.#last.answer
  }

  watch(onChange: () => void): () => void {
    return watchFile(this.#options.path, { clock: this.#options.clock, onChange })
  }
}

async function readText(path: string): Promise<string> {
  try {
    // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever, with one of Node's few threads.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await file.stat()
    if (!status.isFile()) throw new Error('it is no file')
    if (status.size > MOST_BYTES) throw new Error(`it has ${status.size} bytes; ${MOST_BYTES} are allowed`)
    return await file.readFile('utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'is not there' : `cannot be read: ${code ?? message}`
    throw new Error(`${basename(path)} ${why}`, { cause: error })
  }
}
