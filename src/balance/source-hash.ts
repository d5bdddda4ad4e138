import type { Backend } from '../core/backend.ts'
import type { ClientKey, Strategy } from '../core/strategy.ts'
import { certain } from '../core/strategy.ts'
import { hashText } from './hash.ts'
import { maglevTable, TABLE_SIZE } from './maglev.ts'
import { WeightedDraw } from './weighted-draw.ts'

export interface SourceHashOptions {
  /**
   * The most that a backend carries, as a multiple of its fair share of the open sessions; above it, clients go to
   * the next backend of their walk. At least 1; 1.25 is a good choice. Without it there is no bound.
   * (Mirrokni et al., "Consistent Hashing with Bounded Loads".)
   */
  readonly boundedLoad?: number
}

/**
 * A client's address always leads to the same backend, by weight. When one of n backends leaves, its clients are
 * spread over the others and few of theirs move; when it comes back, so do they. Backends are told apart by their
 * ids, in no order, so that several balancers agree.
 *
 * A client whose backend is full or skipped goes to the next in the table, always the same again. Clients without
 * an address (unix sockets) go round. A pick is O(1), or O(log n) where most are full; a changed set costs a
 * new table (some ms) at the next pick.
 */
export class SourceHash implements Strategy {
  readonly #boundedLoad: number
  /** Those of weight above 0, by id. */
  #backends: readonly Backend[] = []
  #eligible: readonly Backend[] = []
  #weights: readonly number[] = []
  #table: Int32Array | undefined
  /** For clients without an address, and the rare one all of whose walk is full. */
  readonly #anyOpen = new WeightedDraw()
  readonly #load = new LoadSum()
  #turn = 0

  constructor(options: SourceHashOptions = {}) {
    const bound = options.boundedLoad ?? Infinity
    if (!(bound >= 1)) throw new RangeError(`boundedLoad must be at least 1, not ${bound}`)
    this.#boundedLoad = bound
  }

  update(eligible: readonly Backend[]): void {
    const weights = eligible.map((backend) => backend.effectiveWeight)
    if (!isSame(eligible, this.#eligible) || !isSame(weights, this.#weights)) {
      this.#eligible = [...eligible]
      this.#weights = weights
      this.#backends = eligible.filter((backend) => backend.effectiveWeight > 0).toSorted(byId)
      // Built by the pick that needs it: a burst of changes costs one table.
      this.#table = undefined
    }
    this.#anyOpen.update(this.#backends)
    if (this.#boundedLoad < Infinity) this.#load.update(this.#backends)
  }

  changed(backend: Backend): void {
    this.#anyOpen.changed(backend)
    if (this.#boundedLoad < Infinity) this.#load.changed(backend)
  }

  pick(client: ClientKey, skip?: ReadonlySet<Backend>): Backend | undefined {
    if (this.#backends.length === 0) return undefined
    if (client.address !== '') return this.#pickFor(client, skip)
    this.#turn = this.#nextTurn()
    return this.#pickAny(this.#turn, skip)
  }

  odds(client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number> {
    if (this.#backends.length === 0) return certain(undefined)
    if (client.address !== '') return certain(this.#pickFor(client, skip))
    return certain(this.#pickAny(this.#nextTurn(), skip))
  }

  /** Always the same for the same state. */
  #pickFor(client: ClientKey, skip: ReadonlySet<Backend> | undefined): Backend | undefined {
    const table = (this.#table ??= this.#build())
    const hash = hashAddress(client.address)
    let unbounded: Backend | undefined
    for (let step = 0; step < LONGEST_WALK; step++) {
      const backend = this.#backends[table[(hash + step) % TABLE_SIZE] as number] as Backend
      if (backend.isFull || skip?.has(backend) === true) continue
      if (this.#isWithinBound(backend)) return backend
      unbounded ??= backend
    }
    return unbounded ?? this.#pickAny(hash / 2 ** 32, skip)
  }

  #build(): Int32Array {
    return maglevTable(this.#backends.map(({ id, effectiveWeight }) => ({ id, weight: effectiveWeight })))
  }

  #nextTurn(): number {
    return (this.#turn + GOLDEN_RATIO) % 1
  }

  #isWithinBound(backend: Backend): boolean {
    if (this.#boundedLoad === Infinity) return true
    const fairShare = ((this.#load.active + 1) * backend.effectiveWeight) / this.#load.weight
    return backend.active < Math.ceil(this.#boundedLoad * fairShare)
  }

  /** By weight, always the same for one `point` as long as the same ones are full. */
  #pickAny(point: number, skip: ReadonlySet<Backend> | undefined): Backend | undefined {
    this.#anyOpen.hideAll(skip)
    const picked = this.#anyOpen.draw(point)
    this.#anyOpen.unhide()
    return picked
  }
}

function hashAddress(address: string): number {
  // One client, whether it came by an IPv4 listener or by one for both families.
  const start = address.startsWith(MAPPED_IPV4) ? MAPPED_IPV4.length : 0
  return hashText(address, { seed: 0, start })
}

/** All open sessions of a set, kept up without a scan. */
class LoadSum {
  active = 0
  weight = 0
  readonly #counted = new Map<Backend, number>()

  update(backends: readonly Backend[]): void {
    this.#counted.clear()
    this.active = 0
    this.weight = 0
    for (const backend of backends) {
      this.#counted.set(backend, backend.active)
      this.active += backend.active
      this.weight += backend.effectiveWeight
    }
  }

  changed(backend: Backend): void {
    const counted = this.#counted.get(backend)
    if (counted === undefined) return
    this.active += backend.active - counted
    this.#counted.set(backend, backend.active)
  }
}

/** With three of four places full or above their bound, one walk in 10^8 ends here: 0.75 ^ 64. */
const LONGEST_WALK = 64

/** Steps of this length around a circle spread evenly over it, however few there are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

const MAPPED_IPV4 = '::ffff:'

function byId(a: Backend, b: Backend): number {
  if (a.id === b.id) return 0
  return a.id < b.id ? -1 : 1
}

function isSame<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}
