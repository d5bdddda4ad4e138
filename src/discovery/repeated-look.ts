import { formatAddress } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import type { Clock, Timer } from '../core/clock.ts'
import type { Discovery, DiscoveryState } from './discovery.ts'
import type { Answer, Source } from './source.ts'
import { listed, tooMany } from './words.ts'

export interface LookOptions {
  /** Between the end of one look and the next, 10% jitter; less where an answer is good for less. */
  readonly intervalMs: number
  /** More backends than this are no answer. */
  readonly most: number
  readonly clock: Clock
  readonly random: () => number
}

/** Each way. */
const JITTER = 0.1
/** However short an answer is good for, nobody is asked more often than this. */
const LEAST_INTERVAL_MS = 1_000

/** Looks at a source again and again, and tells what is new. One look at a time. */
export class RepeatedLook implements Discovery {
  readonly source: string
  readonly firstLook: Promise<void>
  readonly #source: Source
  readonly #options: LookOptions
  #onBackends: (specs: readonly BackendSpec[]) => void = () => {}
  #onState: (state: DiscoveryState) => void = () => {}
  #endFirstLook: () => void = () => {}
  #state: 'new' | 'running' | 'closed' = 'new'
  #unwatch: (() => void) | undefined
  #timer: Timer | undefined
  /** Set while a look is under way. */
  #looking: AbortController | undefined
  /** Something may have changed since the look under way began. */
  #looksAgain = false
  #isFailing = false
  /** The last good answer, as text; undefined before the first. */
  #known: string | undefined
  /** Looks without an answer; what comes after the first answer does not matter. */
  #failures = 0

  constructor(source: Source, options: LookOptions) {
    this.source = source.name
    this.#source = source
    this.#options = options
    this.firstLook = new Promise((resolve) => {
      this.#endFirstLook = resolve
    })
  }

  start(onBackends: (specs: readonly BackendSpec[]) => void, onState: (state: DiscoveryState) => void): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.#onBackends = onBackends
    this.#onState = onState
    this.#unwatch = this.#source.watch?.(() => this.refreshNow())
    void this.#look()
  }

  refreshNow(): void {
    if (this.#state !== 'running') return
    if (this.#looking !== undefined) {
      this.#looksAgain = true
      return
    }
    this.#timer?.cancel()
    void this.#look()
  }

  close(): void {
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#looking?.abort()
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#endFirstLook()
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const controller = new AbortController()
    this.#looking = controller
    this.#looksAgain = false
    let ttlMs: number | undefined
    try {
      const answer = await this.#source.look(controller.signal)
      if (this.#isClosed) return
      ttlMs = answer.ttlMs
      this.#accept(answer)
    } catch (error) {
      if (this.#isClosed) return
      this.#failures++
      this.#tell({ ok: false, reason: reasonOf(error) })
    }
    // Those who were told may have closed us.
    if (this.#isClosed) return
    this.#looking = undefined
    this.#endFirstLook()
    if (this.#looksAgain) void this.#look()
    else this.#timer = this.#options.clock.setTimer(() => void this.#look(), this.#nextInMs(ttlMs))
  }

  get #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #accept({ backends, problems }: Answer): void {
    const { most } = this.#options
    const distinct = withoutDuplicates(backends)
    if (distinct.length > most) throw tooMany(distinct.length, most)
    const text = JSON.stringify(distinct)
    if (text !== this.#known) this.#onBackends(distinct)
    this.#known = text
    this.#tell(problems.length === 0 ? { ok: true } : { ok: false, reason: listed(problems) })
  }

  /** Only what is new; a failure that goes on is no news, whatever its reason. */
  #tell(state: DiscoveryState): void {
    if (this.#isClosed || state.ok !== this.#isFailing) return
    this.#isFailing = !state.ok
    this.#onState(state)
  }

  #nextInMs(ttlMs: number | undefined): number {
    const { intervalMs, random } = this.#options
    const jitter = 1 - JITTER + 2 * JITTER * random()
    // A pool that has had no answer yet serves nobody: 1 s, 2 s, 4 s, ... instead of a long interval.
    const limitMs =
      this.#known === undefined ? LEAST_INTERVAL_MS * 2 ** (this.#failures - 1) : (ttlMs ?? Infinity)
    return Math.min(intervalMs * jitter, Math.max(LEAST_INTERVAL_MS, limitMs * jitter))
  }
}

/** The first of each address. */
function withoutDuplicates(backends: readonly BackendSpec[]): readonly BackendSpec[] {
  const seen = new Set<string>()
  return backends.filter(({ address }) => {
    const text = formatAddress(address)
    return seen.has(text) ? false : seen.add(text)
  })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
