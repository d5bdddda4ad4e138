import type { Bed, Figures } from './bed.ts'
import type { SuiteName } from './suites.ts'
import type { Tool } from './tool.ts'

/** One line of comparison in the table. */
export interface Figure {
  readonly id: string
  readonly title: string
  readonly unit: string
  readonly digits: number
  /** What the issue that set it asks of fairlead. */
  readonly goal?: Goal
}

export interface Goal {
  /** At most this, in the figure's unit. */
  readonly value?: number
  /** At most this many times the reference's. */
  readonly ratio?: number
  /** At most this many times what each of these has. */
  readonly rivals?: Readonly<Record<string, number>>
}

/** One kind of load, which may give several figures. */
export interface Metric {
  /** As `--only` names it. */
  readonly name: string
  readonly suite: SuiteName
  readonly figures: readonly Figure[]
  readonly tool?: Tool
  /** Which CPU the load runs on makes no difference: measured in the first view only. */
  readonly once?: boolean
  /** The value with no balancer at all is subtracted. */
  readonly lessDirect?: boolean
  measure(bed: Bed): Promise<Figures>
}

export function figure(id: string, title: string, unit: string, digits: number, goal?: Goal): Figure {
  return goal === undefined ? { id, title, unit, digits } : { id, title, unit, digits, goal }
}
