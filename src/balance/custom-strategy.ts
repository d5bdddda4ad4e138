import { ConfigError } from '../core/errors.ts'
import type { Strategy } from '../core/strategy.ts'

/**
 * What a function of the user's, given as `balance`, has made for a pool: it may be plain JavaScript.
 *
 * @throws {ConfigError} where it is no strategy
 */
export function customStrategy(made: unknown, pool: string): Strategy {
  const wrong = whatIsWrong(made)
  if (wrong === undefined) return made as Strategy
  const message = `the function for pool ${pool} must return an object with the methods update and pick, not ${wrong}`
  throw new ConfigError([{ path: 'balance', message }])
}

function whatIsWrong(made: unknown): string | undefined {
  if (made === null || made === undefined) return 'nothing'
  if (typeof made !== 'object' && typeof made !== 'function') return `a ${typeof made}`
  const { update, pick, changed, odds, then } = made as Readonly<Record<string, unknown>>
  if (typeof then === 'function') return 'a promise'
  if (typeof update !== 'function') return 'one without update'
  if (typeof pick !== 'function') return 'one without pick'
  // Both may be left out.
  if (changed !== undefined && typeof changed !== 'function') return 'one whose changed is no function'
  if (odds !== undefined && typeof odds !== 'function') return 'one whose odds is no function'
  return undefined
}
