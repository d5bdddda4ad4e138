import type { ProcessFacts } from '../core/process-facts.ts'
import type { BackendSnapshot, Snapshot } from '../core/snapshot.ts'

/** Everything at one glance: the balancer and its process. */
export interface Status<Backends = readonly BackendSnapshot[]> extends Snapshot<Backends> {
  readonly process: ProcessFacts
  /** Faults on purpose that are in force; undefined unless they are switched on. */
  readonly faults?: number | undefined
}
