import type { ConfigProblem } from '../core/errors.ts'
import { quote } from './invalid-value.ts'

/** Options that only tests have a use for. */
export const TEST_OPTIONS: readonly string[] = ['seed', 'history', 'assertNoLeaks']

export function testOptionProblems(given: Readonly<Record<string, unknown>>): ConfigProblem[] {
  const { seed, random, history, assertNoLeaks } = given
  const problems: ConfigProblem[] = []
  if (seed !== undefined && typeof seed !== 'string' && !Number.isFinite(seed)) {
    problems.push({ path: 'seed', message: `must be a number or a text, not ${quote(seed)}` })
  }
  if (seed !== undefined && random !== undefined) {
    problems.push({ path: 'seed', message: 'stands beside random: give one of them' })
  }
  if (history !== undefined && typeof history !== 'boolean' && !isHistory(history)) {
    problems.push({
      path: 'history',
      message: `must be true, false or { most: a number from 1 }, not ${quote(history)}`,
    })
  }
  if (assertNoLeaks !== undefined && typeof assertNoLeaks !== 'boolean') {
    problems.push({ path: 'assertNoLeaks', message: `must be true or false, not ${quote(assertNoLeaks)}` })
  }
  return problems
}

function isHistory(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { most } = value as { most?: unknown }
  return most === undefined || (Number.isInteger(most) && (most as number) >= 1)
}
