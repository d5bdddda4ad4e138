import type { Backend } from './backend.ts'

/** What a strategy may know of the client. Read `address` only if needed: it costs a system call. */
export interface ClientKey {
  /** The client's IP address, without port; `''` on unix sockets. */
  readonly address: string
}

/**
 * Picks one backend out of those eligible. A pool owns one instance and calls it from one thread.
 *
 * Source of randomness and of nothing else is what its factory was given.
 */
export interface Strategy {
  /** The eligible set, a weight or a connection limit changed. Never called per connection. */
  update(eligible: readonly Backend[]): void
  /** A backend's `active` changed by one (leased or released), so that an order can be kept up without a scan. */
  changed?(backend: Backend): void
  /**
   * Once per connection or request, synchronous. Never returns a full backend (`isFull`), one of weight 0 or
   * one in `skip`; `undefined` when none is left.
   */
  pick(client: ClientKey, skip?: ReadonlySet<Backend>): Backend | undefined
  /**
   * What `pick` would give now, with nothing changed by asking: the probability of each backend that could be picked,
   * more than 0; one of 1 where it is certain; empty where `pick` would give none. May be slow: people ask it.
   * A strategy without it cannot tell.
   */
  odds?(client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number>
}

/** As a pool has it: one that users wrote may fail. */
export interface PoolStrategy extends Omit<Strategy, 'odds'> {
  /** Whether it could not do what it was asked last: that `pick` gave none does not mean that all are full. */
  readonly hasFailed?: boolean
  odds?(client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number> | undefined
}

/** The odds where it is certain who is picked. */
export function certain(picked: Backend | undefined): ReadonlyMap<Backend, number> {
  return new Map(picked === undefined ? [] : [[picked, 1]])
}

/** Makes a strategy for one pool. `random` gives numbers in [0, 1). */
export type StrategyFactory = (options: { readonly random: () => number }) => Strategy
