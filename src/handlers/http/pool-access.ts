import type { IdleConnections } from '../../pool/idle-connections.ts'
import type { ConnectOptions } from '../connector.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Affinity } from './affinity.ts'

/** A pool as HTTP requests get at it: with its kept-alive connections, its budget for replays, and who belongs where. */
export interface PoolAccess {
  readonly connect: ConnectOptions
  readonly idle: IdleConnections
  readonly budget: RetryBudget
  /** undefined: every request is balanced as any other. */
  readonly affinity: Affinity | undefined
}
