import { seededRandom } from '../core/seeded-random.ts'
import type { FaultSpec, FaultType } from './fault-spec.ts'
import type { Fault } from './faults.ts'
import { isWithin } from './subject.ts'
import type { Subject } from './subject.ts'

/** A fault in force, as the board and the connections see it. */
export class ActiveFault implements Fault {
  readonly name: string
  readonly spec: FaultSpec
  hits = 0
  readonly #seed: number
  readonly #onRemove: (fault: ActiveFault) => void

  constructor(
    name: string,
    spec: FaultSpec,
    how: { readonly seed: number; readonly onRemove: (fault: ActiveFault) => void },
  ) {
    this.name = name
    this.spec = spec
    this.#seed = how.seed
    this.#onRemove = how.onRemove
  }

  get type(): FaultType {
    return this.spec.type
  }

  get isSpent(): boolean {
    return this.hits >= (this.spec.times ?? Infinity)
  }

  remove(): void {
    this.#onRemove(this)
  }

  [Symbol.dispose](): void {
    this.remove()
  }

  toJSON(): Record<string, unknown> {
    const { match: _, ...rest } = { match: undefined, ...this.spec }
    return { ...rest, name: this.name, hits: this.hits, isSpent: this.isSpent }
  }

  /** One more strike; false: it has had all of its own. */
  claim(): boolean {
    if (this.isSpent) return false
    this.hits++
    return true
  }

  /** Whether `subject` is one that it strikes: within its scope, and of its share. */
  concerns(subject: Subject): boolean {
    const { spec } = this
    if ('on' in spec && spec.on !== subject.side) return false
    return isWithin(spec, subject) && this.isOfShare(subject.key)
  }

  /** The same answer for the same key, whatever came in between. */
  isOfShare(key: number): boolean {
    const { toxicity = 1 } = this.spec
    return toxicity === 1 || this.randomFor(key, 0)() < toxicity
  }

  /**
   * Chance of its own for each subject and purpose: sessions that come in between, in whatever order, change nothing
   * for the others, so a run with the same seed is the same run.
   */
  randomFor(key: number, purpose: number): () => number {
    return seededRandom(this.#seed ^ Math.imul(key * 4 + purpose, 0x9e3779b1))
  }
}
