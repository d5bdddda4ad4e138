import type { SignalSource } from '../context.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Whether somebody asked a command that goes on and on to end: Ctrl-C is no failure then. Listens until disposed. */
export class StopRequest implements Disposable {
  readonly #signals: SignalSource
  readonly #controller = new AbortController()
  #wake: (() => void) | undefined
  readonly #stop = (): void => this.ask()

  constructor(signals: SignalSource) {
    this.#signals = signals
    for (const signal of SIGNALS) signals.on(signal, this.#stop)
  }

  /** As if a signal had come. */
  ask(): void {
    this.#controller.abort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get isAsked(): boolean {
    return this.signal.aborted
  }

  /** Waits that long, or until it is asked for, or woken. */
  async pause(ms: number): Promise<void> {
    if (this.isAsked) return
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.signal.addEventListener('abort', end)
      this.#wake = end
    })
  }

  /** Ends a pause early. */
  wake(): void {
    this.#wake?.()
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) this.#signals.off(signal, this.#stop)
  }
}
