import type { Clock } from '../core/clock.ts'
import type { Events } from '../core/events.ts'
import { Throttle } from './throttle.ts'

const MEANING: Readonly<Record<string, string>> = {
  EMFILE: 'this process has no descriptor left: raise `ulimit -n` or lower --max-connections',
  ENFILE: 'this machine has no descriptor left',
  EADDRNOTAVAIL: 'this machine has no local port or address left for connections to that backend',
  ENOBUFS: 'this machine has no network buffers left',
  ENOMEM: 'this machine has no memory left',
}

/** Reports faults of this machine, each kind at most once a second. */
export class LocalFaults {
  readonly #clock: Clock
  readonly #events: Events
  readonly #kinds = new Map<string, Throttle>()

  constructor(options: { clock: Clock; events: Events }) {
    this.#clock = options.clock
    this.#events = options.events
  }

  report(code: string): void {
    let throttle = this.#kinds.get(code)
    if (throttle === undefined) {
      throttle = new Throttle({ clock: this.#clock, report: (count) => this.#emit(code, count) })
      this.#kinds.set(code, throttle)
    }
    throttle.add()
  }

  flush(): void {
    for (const throttle of this.#kinds.values()) throttle.flush()
  }

  #emit(code: string, count: number): void {
    const meaning = MEANING[code] ?? 'a fault of this machine'
    this.#events.emit('fault:local', { code, message: count > 1 ? `${meaning} (${count} times)` : meaning })
  }
}
