import type { ProcessFacts } from '../core/process-facts.ts'
import type { PassingSnapshot } from '../control/take-snapshot.ts'
import type { Snapshot } from '../core/snapshot.ts'

/** Everything at one glance: the balancer and its process. */
export interface Status extends Snapshot {
  readonly process: ProcessFacts
  /** Faults on purpose that are in force; undefined unless they are switched on. */
  readonly faults?: number | undefined
}

/** The same for whoever writes it down; see {@link PassingSnapshot}. */
export type PassingStatus = PassingSnapshot & Omit<Status, keyof Snapshot>
