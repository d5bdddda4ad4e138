import { isDeepStrictEqual } from 'node:util'
import type { PoolConfig } from '../config/schema.ts'
import type { BackendSpec } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Events } from '../core/events.ts'
import type { Discovery, DiscoveryState } from '../discovery/discovery.ts'
import { makeDiscovery } from '../discovery/make-discovery.ts'

export interface PoolDiscoveryOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly events: Events
  /** These are the pool's backends now. What it throws is told as a failure. */
  readonly apply: (backends: readonly BackendSpec[]) => void
}

/** Follows what a pool's configuration says of where its backends come from, if it does. */
export class PoolDiscovery {
  readonly #options: PoolDiscoveryOptions
  #config: Followed | undefined
  #discovery: Discovery | undefined
  #failure: Failure | undefined
  #mayTell = false

  constructor(options: PoolDiscoveryOptions) {
    this.#options = options
  }

  /** Settles with the first look of what is followed now. Never rejects. */
  get firstLook(): Promise<void> {
    return this.#discovery?.firstLook ?? Promise.resolve()
  }

  /** From now on there may be somebody who hears of failures, and of the one before. */
  tell(): void {
    this.#mayTell = true
    if (this.#failure !== undefined) this.#options.events.emit('discovery:failed', this.#failure)
  }

  /** Goes on where nothing that concerns it has changed. */
  follow({ name, discovery: config, backendMaxConnections }: PoolConfig): void {
    const followed = config === undefined ? undefined : { config, maxConnections: backendMaxConnections }
    if (isDeepStrictEqual(followed, this.#config)) return
    this.#discovery?.close()
    this.#discovery = undefined
    this.#config = followed
    const before = this.#failure
    if (followed === undefined) return this.#recovered(before)
    const discovery = makeDiscovery(followed.config, { ...this.#options, ...followed })
    this.#discovery = discovery
    discovery.start(this.#options.apply, (state) => this.#onState(name, discovery.source, state))
    if (before !== undefined) void this.#replaceFailed(before, discovery)
  }

  refreshNow(): void {
    this.#discovery?.refreshNow()
  }

  close(): void {
    this.#discovery?.close()
  }

  /** A source that works at once has nothing to tell; but the one before it had failed. */
  async #replaceFailed(before: Failure, discovery: Discovery): Promise<void> {
    await discovery.firstLook
    if (this.#discovery === discovery && this.#failure === before) this.#recovered(before)
  }

  #onState(pool: string, source: string, state: DiscoveryState): void {
    if (state.ok) return this.#recovered({ pool, source })
    this.#failure = { pool, source, reason: state.reason }
    if (this.#mayTell) this.#options.events.emit('discovery:failed', this.#failure)
  }

  #recovered(from: Pick<Failure, 'pool' | 'source'> | undefined): void {
    if (from === undefined) return
    this.#failure = undefined
    if (this.#mayTell)
      this.#options.events.emit('discovery:recovered', { pool: from.pool, source: from.source })
  }
}

interface Failure {
  readonly pool: string
  readonly source: string
  readonly reason: string
}

interface Followed {
  readonly config: NonNullable<PoolConfig['discovery']>
  readonly maxConnections: number
}
