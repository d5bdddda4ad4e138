import type { StrategyFactory } from '../core/strategy.ts'
import { First } from './first.ts'
import { LeastConnections } from './least-connections.ts'
import { PowerOfTwo } from './power-of-two.ts'
import { Random } from './random.ts'
import { RoundRobin } from './round-robin.ts'
import { SourceHash } from './source-hash.ts'

/** A new strategy is one line here. */
const table = {
  'round-robin': () => new RoundRobin(),
  'least-connections': () => new LeastConnections(),
  'power-of-two': (options) => new PowerOfTwo(options),
  random: (options) => new Random(options),
  'source-hash': () => new SourceHash(),
  first: () => new First(),
  // What HAProxy calls them.
  roundrobin: () => new RoundRobin(),
  leastconn: () => new LeastConnections(),
} as const satisfies Record<string, StrategyFactory>

export type StrategyName = keyof typeof table

/** Every strategy by every name that it goes by. */
export const strategies: Readonly<Record<StrategyName, StrategyFactory>> = table

/** All accepted names, those of HAProxy last. */
export const strategyNames = Object.keys(table) as readonly StrategyName[]

/** The name that snapshots and logs show. */
export function canonicalStrategyName(name: StrategyName): StrategyName {
  if (name === 'roundrobin') return 'round-robin'
  if (name === 'leastconn') return 'least-connections'
  return name
}
