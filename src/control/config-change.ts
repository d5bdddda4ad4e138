import type { Config, ListenerConfig, PoolConfig } from '../config/schema.ts'
import type { BackendSpec } from '../core/backend.ts'

/** What concerns the process as a whole. */
export type ProcessConfig = Omit<Config, 'listeners' | 'pools'>

/** One difference between two configurations. */
export type ConfigChange =
  | { readonly kind: 'pool:add'; readonly pool: PoolConfig }
  | { readonly kind: 'pool:remove'; readonly pool: PoolConfig }
  | PoolChange
  | { readonly kind: 'listener:add'; readonly listener: ListenerConfig }
  | { readonly kind: 'listener:remove'; readonly listener: ListenerConfig }
  | ListenerChange
  /** The order of what is in both; `first` and snapshots go by it. */
  | { readonly kind: 'order'; readonly pools: readonly string[]; readonly listeners: readonly string[] }
  | { readonly kind: 'process:change'; readonly before: ProcessConfig; readonly after: ProcessConfig }

export interface PoolChange {
  readonly kind: 'pool:change'
  readonly before: PoolConfig
  readonly after: PoolConfig
  /** Something besides its backends differs. */
  readonly hasNewSettings: boolean
  readonly backends: BackendChanges
}

/** A listener is the same one by its name or, where that is new, by its address. */
export interface ListenerChange {
  readonly kind: 'listener:change'
  readonly before: ListenerConfig
  readonly after: ListenerConfig
  /** It must listen elsewhere. */
  readonly isMoved: boolean
}

/** How a list of backends, which are told apart by their ids, became another. */
export interface BackendChanges {
  readonly added: readonly BackendSpec[]
  readonly removed: readonly BackendSpec[]
  readonly changed: readonly { readonly before: BackendSpec; readonly after: BackendSpec }[]
  /** The ids in their new order, where those that stayed have another one. */
  readonly order: readonly string[] | undefined
}
