import type { BackendSpec } from '../core/backend.ts'
import { MOST_WEIGHT } from '../config/parse-backend.ts'

/** One address of one SRV record's target. */
export interface ServiceAddress {
  readonly ip: string
  readonly port: number
  /** The target. */
  readonly name: string
  readonly priority: number
  /** Its share of what the record says, 0 to 65,535. */
  readonly weight: number
}

/**
 * How SRV records share the work here (RFC 2782): those of the lowest priority serve, all others are backups. Weights
 * that are no whole numbers up to 256 are scaled so that the greatest becomes 256. Weight 0 does not mean "never", as
 * it does here, but "a very small chance": 1 beside a greatest of 256; where all are 0, all are alike.
 */
export function sharesOf(
  found: readonly ServiceAddress[],
): readonly Pick<BackendSpec, 'weight' | 'backup'>[] {
  const lowest = Math.min(...found.map(({ priority }) => priority))
  const weights = new Map<boolean, (weight: number) => number>()
  for (const isBackup of [false, true]) {
    const group = found.filter(({ priority }) => priority > lowest === isBackup)
    weights.set(isBackup, scaleOf(group.map(({ weight }) => weight)))
  }
  return found.map(({ priority, weight }) => {
    const backup = priority > lowest
    return { weight: weights.get(backup)?.(weight) ?? 1, backup }
  })
}

function scaleOf(weights: readonly number[]): (weight: number) => number {
  const greatest = Math.max(0, ...weights)
  if (greatest === 0) return () => 1
  const fits = greatest <= MOST_WEIGHT && weights.every((weight) => Number.isInteger(weight) && weight > 0)
  if (fits) return (weight) => weight
  return (weight) => Math.max(1, Math.round((weight * MOST_WEIGHT) / greatest))
}
