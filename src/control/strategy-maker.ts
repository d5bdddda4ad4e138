import { CustomStrategy } from '../balance/custom-strategy.ts'
import { strategies } from '../balance/strategies.ts'
import type { StrategyName } from '../balance/strategies.ts'
import type { PoolConfig } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import type { Events } from '../core/events.ts'
import type { PoolStrategy } from '../core/strategy.ts'
import { Throttle } from './throttle.ts'

export interface StrategyMakerOptions {
  readonly pool: string
  readonly clock: Clock
  readonly random: () => number
  readonly events: Events
}

/** Makes the strategies of one pool, and tells how those fail that are the user's: at most once a second. */
export class StrategyMaker {
  /** What was wrong last. */
  failure = ''
  readonly #options: StrategyMakerOptions
  readonly #failures: Throttle
  #tells = false

  constructor(options: StrategyMakerOptions) {
    this.#options = options
    const { clock } = options
    this.#failures = new Throttle({ clock, report: (count) => this.#tell(count) })
  }

  /** Throws what the user's function throws, and a `ConfigError` where it gives no strategy. */
  make({ strategy, strategyFactory }: PoolConfig): PoolStrategy {
    const { pool, random } = this.#options
    if (strategyFactory === undefined) return strategies[strategy as StrategyName]({ random })
    const made: unknown = strategyFactory({ random })
    return new CustomStrategy(made, { pool, onFailure: (what) => this.#onFailure(what) })
  }

  /** From here on failures are told; before, whoever makes the pool looks at `failure`. */
  beginToTell(): void {
    this.#tells = true
  }

  /** Tells what is not told yet, and leaves no timer. */
  flush(): void {
    this.#failures.flush()
  }

  #onFailure(what: string): void {
    this.failure = `in pool ${this.#options.pool}, ${what}`
    if (this.#tells) this.#failures.add()
  }

  #tell(count: number): void {
    const times = count > 1 ? ` (${count} times)` : ''
    const message = `the strategy failed: ${this.failure}${times}`
    this.#options.events.emit('fault:local', { code: 'STRATEGY', message })
  }
}
