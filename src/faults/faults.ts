import type { FaultSpec, FaultType } from './fault-spec.ts'

/** A fault that is in force until it is removed. `using` removes it at the end of the block. */
export interface Fault extends Disposable {
  readonly name: string
  readonly type: FaultType
  /** What was asked for, defaults in place. */
  readonly spec: FaultSpec
  /** How often it struck: connects, checks, or connections. */
  readonly hits: number
  /** It has struck as often as it may. */
  readonly isSpent: boolean
  /** Ends it; what it holds back flows on, in order. May be called again. */
  remove(): void
  /** Plain data. */
  toJSON(): Record<string, unknown>
}

/** Faults on purpose, for tests. Absent unless the balancer was created with `faults: true`. */
export interface Faults {
  /**
   * In force from now on, for open connections too.
   * @throws {ConfigError} with every problem of the fault at once.
   */
  add(spec: FaultSpec): Fault
  get(name: string): Fault | undefined
  /** Those in force, oldest first. */
  list(): readonly Fault[]
  /** Removes all of them; tells how many. */
  clear(): number
}
