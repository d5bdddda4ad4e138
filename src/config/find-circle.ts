import { isPlain } from './kinds-of-object.ts'
import type { Place } from './place.ts'

/** Where a list or an object stands in itself: the place of the one inside; undefined where none does. */
export function findCircle(value: unknown): Place | undefined {
  return search(value, { place: [], around: new Set(), done: new Set() })
}

interface Search {
  readonly place: (string | number)[]
  readonly around: Set<unknown>
  /** Looked through already. What many aliases share is looked through once. */
  readonly done: Set<unknown>
}

function search(value: unknown, state: Search): Place | undefined {
  const { place, around, done } = state
  if (typeof value !== 'object' || value === null || done.has(value)) return undefined
  if (around.has(value)) return [...place]
  if (!Array.isArray(value) && !isPlain(value)) return undefined
  around.add(value)
  for (const [key, part] of Object.entries(value)) {
    place.push(Array.isArray(value) ? Number(key) : key)
    const found = search(part, state)
    if (found !== undefined) return found
    place.pop()
  }
  around.delete(value)
  done.add(value)
  return undefined
}
