import type { BackendSpec } from '../core/backend.ts'

/** Whether the last look told something. */
export type DiscoveryState = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** Where a pool's backends come from while it runs. The last good answer stays for as long as there is no better one. */
export interface Discovery {
  /** In words, for events and logs: `dns app.internal:8080`. */
  readonly source: string
  /** Settles when the first look is over, whether it told something or not, or at `close`. Never rejects. */
  readonly firstLook: Promise<void>
  /**
   * Looks at once, and from then on until `close`. Neither is called from within `start`, nor after `close`.
   *
   * @param onBackends all backends that there are now; called only when they are others than the last time. What it
   *   throws makes the answer one that could not be used.
   * @param onState called when looks begin to fail, and when they work again; before the first, they work.
   */
  start(onBackends: (specs: readonly BackendSpec[]) => void, onState: (state: DiscoveryState) => void): void
  /** Looks now, or once more when a look is under way. */
  refreshNow(): void
  /** No timer, query or watch is left. */
  close(): void
}
