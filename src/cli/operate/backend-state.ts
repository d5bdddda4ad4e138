import type { BackendSnapshot } from '../../core/snapshot.ts'
import { humanMs } from '../../log/human.ts'
import type { Cell } from './table.ts'

/** What a backend is in one word, and how good that is. */
export function stateOf({ mode, healthy, ejected, weight, effectiveWeight }: BackendSnapshot): Cell {
  if (mode !== 'ready') return { text: mode, color: 'yellow' }
  if (!healthy) return { text: 'down', color: 'red' }
  if (ejected) return { text: 'ejected', color: 'red' }
  if (weight === 0) return { text: 'weight 0', color: 'yellow' }
  if (effectiveWeight < weight) return { text: 'starting', color: 'yellow' }
  return { text: 'up', color: 'green' }
}

/** The last check, and since when a backend is down, which matters most where the line is cut. */
export function checkOf({ mode, lastCheck, healthy, healthySince }: BackendSnapshot, now: number): string {
  if (mode === 'maint') return 'no checks'
  if (lastCheck === undefined) return 'not checked'
  const { code, text, durationMs, ok } = lastCheck
  const what = ok ? `${code} in ${humanMs(durationMs)}` : `${code} ${text}`
  return healthy ? what : `down for ${humanMs(Math.max(0, now - healthySince))}: ${what}`
}
