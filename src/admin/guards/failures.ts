import type { Clock } from '../../core/clock.ts'
import { networkOf } from './network-of.ts'

/** Networks that are remembered; the one heard of longest ago goes first. */
const MOST_NETWORKS = 1_000

export interface FailuresOptions {
  readonly clock: Clock
  /** So many at once. */
  readonly burst: number
  /** After those, one more each. */
  readonly everyMs: number
}

/** Counts failures by the network that they come from (a token bucket each), to slow down who guesses. */
export class Failures {
  readonly #options: FailuresOptions
  readonly #networks = new Map<string, { left: number; at: number }>()

  constructor(options: FailuresOptions) {
    this.#options = options
  }

  /** How long until `address` may try again; 0 = now. */
  waitMs(address: string): number {
    const left = this.#left(address)
    return left >= 1 ? 0 : Math.ceil((1 - left) * this.#options.everyMs)
  }

  add(address: string): void {
    const left = this.#left(address) - 1
    const network = networkOf(address)
    // Set anew, so that the order of the map is the order of the latest failures.
    this.#networks.delete(network)
    this.#networks.set(network, { left, at: this.#options.clock.now() })
    for (const oldest of this.#networks.keys()) {
      if (this.#networks.size <= MOST_NETWORKS) break
      this.#networks.delete(oldest)
    }
  }

  #left(address: string): number {
    const { clock, burst, everyMs } = this.#options
    const known = this.#networks.get(networkOf(address))
    if (known === undefined) return burst
    return Math.min(burst, known.left + (clock.now() - known.at) / everyMs)
  }
}
