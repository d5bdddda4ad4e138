import type { Config } from '../config/schema.ts'

const COARSEST_MS = 100
/** Finer than this, the timer itself would cost more than what it times. */
const FINEST_MS = 5

/** A tenth of the smallest timeout that the wheel keeps, at most 100 ms. */
export function wheelResolution(config: Config): number {
  const timeouts = [
    ...config.listeners.flatMap(({ idleTimeoutMs, halfClosedTimeoutMs }) => [
      idleTimeoutMs,
      halfClosedTimeoutMs,
    ]),
    ...config.pools.flatMap(({ connectTimeoutMs, queueTimeoutMs, check }) => [
      connectTimeoutMs,
      queueTimeoutMs,
      check.timeoutMs,
    ]),
  ].filter((ms) => ms > 0)
  return Math.max(FINEST_MS, Math.min(COARSEST_MS, ...timeouts.map((ms) => ms / 10)))
}
