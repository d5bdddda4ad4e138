import type { DiscoveryConfig, DnsDiscoveryConfig } from '../../src/config/schema.ts'
import { formatAddress } from '../../src/core/address.ts'
import type { BackendSpec } from '../../src/core/backend.ts'
import type { Discovery, DiscoveryState } from '../../src/discovery/discovery.ts'
import { sourceOf } from '../../src/discovery/make-discovery.ts'
import { RepeatedLook } from '../../src/discovery/repeated-look.ts'
import type { Answer, Source } from '../../src/discovery/source.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { waitUntil } from '../../src/testing/wait-for.ts'
import type { DnsServer } from '../helpers/dns-server.ts'

/** A discovery that runs, with all that it tells. */
export class Followed implements Disposable {
  readonly clock = new ManualClock()
  readonly discovery: Discovery
  readonly told: (readonly BackendSpec[])[] = []
  readonly states: DiscoveryState[] = []
  /** Looks that are over. */
  looks = 0
  #awaited = 0

  constructor(config: DiscoveryConfig) {
    // 0.5: no jitter.
    const options = { clock: this.clock, random: () => 0.5, maxConnections: 7 }
    this.discovery = new RepeatedLook(this.#counted(sourceOf(config, options)), { ...options, ...config })
    this.discovery.start(
      (specs) => this.told.push(specs),
      (state) => this.states.push(state),
    )
  }

  /** What was told last: `address` or `address*weight`, backups in parentheses. */
  get backends(): string[] {
    return (this.told.at(-1) ?? []).map(({ address, weight, backup }) => {
      const text = weight === 1 ? formatAddress(address) : `${formatAddress(address)}*${weight}`
      return backup ? `(${text})` : text
    })
  }

  /** Why it last failed; undefined while all is well. */
  get failure(): string | undefined {
    const state = this.states.at(-1)
    return state === undefined || state.ok ? undefined : state.reason
  }

  /** Waits until a look is over that was under way, or began since the last wait. */
  async looked(): Promise<void> {
    await waitUntil(() => this.looks > this.#awaited, { describe: 'a look' })
    this.#awaited = this.looks
  }

  /** Turns the clock to the next look and waits until it is over. */
  async lookAgain(): Promise<void> {
    this.clock.advance(this.clock.nextInMs ?? 0)
    await this.looked()
  }

  [Symbol.dispose](): void {
    this.discovery.close()
  }

  #counted(source: Source): Source {
    const look = async (signal: AbortSignal): Promise<Answer> => {
      try {
        return await source.look(signal)
      } finally {
        this.looks++
      }
    }
    return { name: source.name, look, watch: (onChange) => source.watch?.(onChange) ?? (() => {}) }
  }
}

export function dnsConfig(server: DnsServer, more: Partial<DnsDiscoveryConfig> = {}): DnsDiscoveryConfig {
  return {
    kind: 'dns',
    records: 'addresses',
    name: 'app.test',
    port: 80,
    transport: 'plain',
    nameServers: [server.address],
    timeoutMs: 2_000,
    intervalMs: 10_000,
    most: 1_000,
    ...more,
  }
}
