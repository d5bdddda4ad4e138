import { quote } from '../config/invalid-value.ts'
import { MOST_MS } from '../config/limits.ts'
import { ConfigError } from '../core/errors.ts'

/**
 * Refuses what no timer can hold. `setTimeout` takes such a value for 1 ms: whoever gave `Infinity`, or `'30s'` in plain
 * JavaScript, would find that his time is up at once.
 *
 * @param forEver how to say that there is no limit
 * @throws {ConfigError}
 */
export function assertMs(path: string, ms: number, forEver?: string): void {
  if (typeof ms === 'number' && ms >= 0 && ms <= MOST_MS) return
  const hint = forEver === undefined ? '' : `; ${forEver}`
  throw new ConfigError([
    { path, message: `must be milliseconds from 0 to ${MOST_MS}, not ${quote(ms)}${hint}` },
  ])
}
