import type { Backend } from '../core/backend.ts'

/** A counted hold on a backend. Whoever got it releases it, exactly once; a second release does nothing. */
export class Lease {
  readonly backend: Backend
  readonly #onRelease: (backend: Backend) => void
  #released = false

  constructor(backend: Backend, onRelease: (backend: Backend) => void) {
    this.backend = backend
    this.#onRelease = onRelease
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#onRelease(this.backend)
  }
}
