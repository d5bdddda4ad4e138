import type { BackendSnapshot } from '../../core/snapshot.ts'
import type { Announcer } from './announcer.ts'
import type { BackendChange, Changed } from './api.ts'
import { api, ApiFailure } from './api.ts'
import { keyOf } from './status.ts'
import type { Toasts } from './toasts.ts'

export interface Target {
  readonly pool: string
  readonly backend: BackendSnapshot
}

export interface OperationsOptions {
  readonly toasts: Toasts
  readonly announcer: Announcer
  /** Shows it at once: the next snapshot is up to a second away. */
  readonly onChanged: (changed: Changed) => void
}

/** Commands what an operator confirmed, tells how it went, and offers to take it back. */
export class Operations {
  readonly #toasts: Toasts
  readonly #announcer: Announcer
  readonly #onChanged: (changed: Changed) => void
  /** When the process that runs began: all of its versions are as great, those of the one before are less. */
  #startedAt = 0
  /** Versions that this page made, of the process that runs: they are not somebody else's. */
  readonly #own = new Set<number>()
  /** What this page changed and may take back, by what it is of: the versions, the newest last. */
  readonly #undoable = new Map<string, number[]>()

  constructor({ toasts, announcer, onChanged }: OperationsOptions) {
    this.#toasts = toasts
    this.#announcer = announcer
    this.#onChanged = onChanged
  }

  /** @param version of what was on the screen when it was decided */
  async change(target: Target, change: BackendChange, version: number): Promise<void> {
    const { pool, backend } = target
    await this.attempt(async () => {
      const changed = await this.#command({ pool, backend }, change, version)
      this.#undoableOf(target, change).push(changed.version)
      const undo = (): void => void this.#undo(target, change, changed.version)
      this.#toasts.show({ text: doneText(backend.id, change), undo })
    })
  }

  /** Runs what may fail, and says why if it does. */
  async attempt(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      this.tell(error)
    }
  }

  tell(error: unknown): void {
    const isStale = error instanceof ApiFailure && error.status === 412
    const why = error instanceof Error ? error.message : String(error)
    const text = isStale
      ? 'Nothing was done: somebody else changed something in the meantime. Look again (let the page go on, if it is paused), then decide.'
      : `That did not work: ${why}.`
    this.#toasts.show({ text, tone: 'bad' })
  }

  done(text: string): void {
    this.#toasts.show({ text })
    this.#announcer.say(text)
  }

  /** Of another process nothing is known. */
  follow(startedAt: number): void {
    if (startedAt === this.#startedAt) return
    this.#startedAt = startedAt
    this.#own.clear()
    this.#undoable.clear()
  }

  async #command({ pool, backend }: Target, change: BackendChange, version: number): Promise<Changed> {
    if (version < this.#startedAt) throw new Error(RESTARTED)
    const seen = this.#withOwn(version)
    const changed = await api.change({ pool, id: backend.id }, change, seen)
    if (changed.version > seen) this.#own.add(changed.version)
    this.#onChanged(changed)
    return changed
  }

  /** The newest version that has nothing but what this page changed itself since `version`. */
  #withOwn(version: number): number {
    let newest = version
    while (this.#own.has(newest + 1)) newest++
    return newest
  }

  async #undo({ pool, backend }: Target, change: BackendChange, version: number): Promise<void> {
    const before: BackendChange = {
      ...(change.mode === undefined ? {} : { mode: backend.mode }),
      ...(change.weight === undefined ? {} : { weight: backend.weight }),
    }
    const undoable = this.#undoableOf({ pool, backend }, change)
    if (version >= this.#startedAt && undoable.at(-1) !== version) {
      const text = `Nothing was done: ${backend.id} was changed again after that. Undo the later change, or set what you want.`
      this.#toasts.show({ text, tone: 'bad' })
      return
    }
    await this.attempt(async () => {
      await this.#command({ pool, backend }, before, version)
      undoable.pop()
      this.done(`Undone: ${doneText(backend.id, before)}`)
    })
  }

  /** Of one mode or one weight: the other is another matter. */
  #undoableOf({ pool, backend }: Target, { mode }: BackendChange): number[] {
    const key = `${mode === undefined ? 'weight' : 'mode'} ${keyOf(pool, backend.id)}`
    const known = this.#undoable.get(key) ?? []
    this.#undoable.set(key, known)
    return known
  }
}

const RESTARTED = 'fairlead was started anew in the meantime. Look again, then decide'

function doneText(id: string, { mode, weight }: BackendChange): string {
  if (weight !== undefined) return `${id} has weight ${weight}.`
  if (mode === 'ready') return `${id} is ready.`
  return mode === 'drain' ? `${id} drains.` : `${id} is in maintenance.`
}
