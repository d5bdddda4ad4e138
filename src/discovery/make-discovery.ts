import type { DiscoveryConfig } from '../config/schema.ts'
import type { Clock } from '../core/clock.ts'
import { AddressSource } from './address-source.ts'
import type { Discovery } from './discovery.ts'
import { FileSource } from './file-source.ts'
import { NameClient } from './name-client.ts'
import { RepeatedLook } from './repeated-look.ts'
import { ServiceSource } from './service-source.ts'
import type { Source } from './source.ts'

export interface DiscoveryOptions {
  readonly clock: Clock
  /** Numbers in [0, 1), for the jitter. */
  readonly random: () => number
  /** Of backends that say nothing else; 0 = unlimited. */
  readonly maxConnections: number
}

/** The discovery that `config` asks for, not started yet. */
export function makeDiscovery(config: DiscoveryConfig, options: DiscoveryOptions): Discovery {
  return new RepeatedLook(sourceOf(config, options), { ...options, ...config })
}

/** Where it looks. */
export function sourceOf(config: DiscoveryConfig, { clock, maxConnections }: DiscoveryOptions): Source {
  if (config.kind === 'file')
    return new FileSource({ path: config.path, most: config.most, maxConnections, clock })
  const client = new NameClient({ nameServers: config.nameServers, timeoutMs: config.timeoutMs, clock })
  const Kind = config.records === 'srv' ? ServiceSource : AddressSource
  return new Kind({ ...config, client, maxConnections })
}
