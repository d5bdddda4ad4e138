import { InvalidValueError } from '../config/invalid-value.ts'
import type { ScriptStep } from '../testing/script.ts'

const WORDS = ['expect-end', 'half-close', 'close', 'reset'] as const

/**
 * Reads a script as JSON: a list of `{"expect": "text"}`, `{"match": "pattern"}`, `{"send": "text"}`,
 * `{"delayMs": 100}`, `"expect-end"`, `"half-close"`, `"close"` and `"reset"`.
 *
 * @throws {InvalidValueError}
 */
export function parseScript(text: string): ScriptStep[] {
  let steps: unknown
  try {
    steps = JSON.parse(text)
  } catch (error) {
    throw new InvalidValueError(`is no JSON: ${(error as Error).message}`)
  }
  if (!Array.isArray(steps) || steps.length === 0) throw new InvalidValueError('must be a list of steps')
  return steps.map((step: unknown, i) => parseStep(step, i + 1))
}

function parseStep(step: unknown, number: number): ScriptStep {
  const word = WORDS.find((known) => known === step)
  if (word !== undefined) return word
  const entries = typeof step === 'object' && step !== null ? Object.entries(step) : []
  const [key, value] = (entries[0] ?? []) as [string?, unknown?]
  if (entries.length === 1) {
    if (key === 'expect' && typeof value === 'string') return { expect: value }
    if (key === 'send' && typeof value === 'string') return { send: value }
    if (key === 'match' && typeof value === 'string') return { expect: patternOf(value, number) }
    if (key === 'delayMs' && typeof value === 'number' && value >= 0) return { delayMs: value }
  }
  throw new InvalidValueError(
    `step ${number} is ${JSON.stringify(step)}: write {"expect":"text"}, {"match":"pattern"}, {"send":"text"}, {"delayMs":100}, ${WORDS.map((known) => `"${known}"`).join(', ')}`,
  )
}

function patternOf(source: string, number: number): RegExp {
  try {
    return new RegExp(source)
  } catch (error) {
    throw new InvalidValueError(`step ${number}: ${(error as Error).message}`)
  }
}
