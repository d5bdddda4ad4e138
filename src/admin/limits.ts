/** What an admin listener takes at most, so that whatever happens there the data plane does not notice. */
export interface AdminLimits {
  /** Connections; the oldest that lies idle makes room for one more. */
  readonly connections: number
  /** Of those, event streams. */
  readonly streams: number
  /** For a whole request to arrive, for its answer to be taken, and between two requests. */
  readonly patienceMs: number
}

export const ADMIN_LIMITS: AdminLimits = { connections: 256, streams: 128, patienceMs: 5_000 }
