import type { ControlPort } from '../../control/port.ts'

/**
 * Notices what others decide about a backend while somebody waits for it: it is given a mode, or its pool has it no more,
 * whether or not another comes in its place under the same id. Call `stop` in the end.
 */
export class BackendWatch {
  readonly #control: ControlPort
  readonly #pool: string
  readonly #backend: string
  readonly #meddled = new AbortController()

  constructor(control: ControlPort, { pool = '', backend = '' }: Readonly<Record<string, string>>) {
    this.#control = control
    this.#pool = pool
    this.#backend = backend
    control.on('backend:mode', this.#onBackend)
    control.on('backend:remove', this.#onBackend)
    control.on('config:reload', this.#onReload)
  }

  /** Aborts then. */
  get signal(): AbortSignal {
    return this.#meddled.signal
  }

  stop(): void {
    this.#control.off('backend:mode', this.#onBackend)
    this.#control.off('backend:remove', this.#onBackend)
    this.#control.off('config:reload', this.#onReload)
  }

  readonly #onBackend = ({ id, pool }: { readonly id: string; readonly pool: string }): void => {
    if (id === this.#backend && pool === this.#pool) this.#meddled.abort()
  }

  /** Of a pool that goes as a whole, no backend is told one by one. */
  readonly #onReload = (): void => {
    if (!this.#control.config.pools.some(({ name }) => name === this.#pool)) this.#meddled.abort()
  }
}
