import type { BackendSpec } from '../core/backend.ts'

/** What a look found. */
export interface Answer {
  readonly backends: readonly BackendSpec[]
  /** What could not be found out while the rest could; none = all is well. */
  readonly problems: readonly string[]
  /** How long the answer may be relied on; undefined = it does not say. */
  readonly ttlMs: number | undefined
}

/** A place where backends are written down. It is asked by one look at a time. */
export interface Source {
  /** In words: `dns app.internal:8080`. */
  readonly name: string
  /** Rejects, with a message for people, where there is no answer. An abort ends it soon; what comes of it counts no more. */
  look(signal: AbortSignal): Promise<Answer>
  /** Tells of changes before anybody looks. The result ends that. */
  watch?(onChange: () => void): () => void
}
