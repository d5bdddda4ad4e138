import type { Log } from '../log/log.ts'
import type { HttpBackend } from '../testing/http-backend.ts'
import type { Keyboard } from './context.ts'

const CTRL_C = '\x03'
const CTRL_D = '\x04'

/** On a terminal, a backend's letter stops it and starts it again, as if somebody had killed it. */
export class DemoKeys {
  readonly #keyboard: Keyboard | undefined
  readonly #backends: readonly HttpBackend[]
  readonly #log: Log
  readonly #stop: () => void

  constructor(options: {
    readonly keyboard: Keyboard | undefined
    readonly backends: readonly HttpBackend[]
    readonly log: Log
    readonly stop: () => void
  }) {
    this.#keyboard = options.keyboard
    this.#backends = options.backends
    this.#log = options.log
    this.#stop = options.stop
  }

  get available(): boolean {
    return this.#keyboard !== undefined
  }

  start(): void {
    this.#keyboard?.setRawMode(true)
    this.#keyboard?.on('data', (keys) => {
      for (const key of keys.toString()) this.#press(key)
    })
  }

  end(): void {
    this.#keyboard?.setRawMode(false)
    this.#keyboard?.pause()
  }

  #press(key: string): void {
    // In raw mode the terminal makes no signals of keys.
    if (key === 'q' || key === CTRL_C || key === CTRL_D) return this.#stop()
    const backend = this.#backends.find(({ name }) => name === key)
    if (backend !== undefined) void this.#toggle(backend)
  }

  async #toggle(backend: HttpBackend): Promise<void> {
    const { name, listening } = backend
    this.#note(listening ? `you stopped backend ${name}` : `you started backend ${name}`)
    try {
      await (listening ? backend.stop() : backend.start())
    } catch (error) {
      // Somebody took its port meanwhile; the demo goes on with the others.
      this.#note(`backend ${name}: ${(error as Error).message}`)
    }
  }

  #note(msg: string): void {
    this.#log.write({ level: 'info', event: 'process:key', msg, fields: {} })
  }
}
