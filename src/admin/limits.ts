import { operatorDescriptors } from '../net/descriptors.ts'

/** What an admin listener takes at most, so that whatever happens there the data plane does not notice. */
export interface AdminLimits {
  /** Connections; the oldest that lies idle makes room for one more. */
  readonly connections: number
  /** Of those, event streams. */
  readonly streams: number
  /** Of those, with snapshots: as long as the balancer is large, one a second. */
  readonly watchers: number
  /** For a whole request to arrive, for its answer to be taken, and between two requests. */
  readonly patienceMs: number
}

/** Files of the dashboard that are being read, and what comes before somebody is turned away. */
const SPARE_DESCRIPTORS = 4
const LEAST_CONNECTIONS = 8
const MOST_WATCHERS = 128

/**
 * What is right where a process may have so many descriptors open. Many, for a client that lies idle costs little, and
 * one that is turned away comes again: to turn away a thousand each second takes longer than to let them lie.
 */
export function adminLimits(descriptors: number): AdminLimits {
  const connections = Math.max(LEAST_CONNECTIONS, operatorDescriptors(descriptors) - SPARE_DESCRIPTORS)
  const streams = Math.floor(connections * 0.4)
  return { connections, streams, watchers: Math.min(MOST_WATCHERS, streams), patienceMs: 5_000 }
}
