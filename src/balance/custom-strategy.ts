import type { Backend } from '../core/backend.ts'
import { ConfigError } from '../core/errors.ts'
import type { ClientKey, PoolStrategy, Strategy } from '../core/strategy.ts'

export interface CustomStrategyOptions {
  readonly pool: string
  /** It threw, or gave what it must not give. `what`: `update threw Error: ...`. */
  readonly onFailure: (what: string) => void
}

/**
 * What a function of the user's, given as `balance`, has made for a pool. It may be plain JavaScript, and it may fail while
 * it serves: that costs the sessions that it fails for, and no others.
 */
export class CustomStrategy implements PoolStrategy {
  hasFailed = false
  readonly #made: Strategy
  readonly #onFailure: (what: string) => void
  #eligible: ReadonlySet<Backend> = new Set()
  /** It has not taken in a change. It would pick by what was before, so it is asked again after the next update only. */
  #isBehind = false

  /** @throws {ConfigError} where `made` is no strategy */
  constructor(made: unknown, { pool, onFailure }: CustomStrategyOptions) {
    const wrong = whatIsWrong(made)
    if (wrong !== undefined) {
      const message = `the function for pool ${pool} must return an object with the methods update and pick, not ${wrong}`
      throw new ConfigError([{ path: 'balance', message }])
    }
    this.#made = made as Strategy
    this.#onFailure = onFailure
  }

  update(eligible: readonly Backend[]): void {
    this.#eligible = new Set(eligible)
    this.hasFailed = false
    // A list of its own: it may sort it.
    this.#tell('update', () => this.#made.update([...eligible]))
  }

  changed(backend: Backend): void {
    if (!this.#isBehind) this.#tell('changed', () => this.#made.changed?.(backend))
  }

  pick(client: ClientKey, skip?: ReadonlySet<Backend>): Backend | undefined {
    if (this.#isBehind) return undefined
    this.hasFailed = false
    let picked: unknown
    try {
      picked = this.#made.pick(client, skip)
    } catch (error) {
      this.#fail(`pick threw ${String(error)}`)
      return undefined
    }
    if (picked === undefined || picked === null) return undefined
    if (this.#eligible.has(picked as Backend)) {
      // A limit holds whatever it says: the client waits.
      return (picked as Backend).isFull ? undefined : (picked as Backend)
    }
    this.#fail('pick gave something else than one of the backends that update gave it last')
    return undefined
  }

  odds(client: ClientKey, skip?: ReadonlySet<Backend>): ReadonlyMap<Backend, number> | undefined {
    try {
      const odds: unknown = this.#isBehind ? undefined : this.#made.odds?.(client, skip)
      return isOdds(odds, this.#eligible) ? odds : undefined
    } catch {
      return undefined // It cannot tell.
    }
  }

  #tell(method: string, call: () => unknown): void {
    this.#isBehind = false
    const onError = (error: unknown): void => {
      this.#isBehind = true
      this.#fail(`${method} threw ${String(error)}`)
    }
    try {
      const given = call()
      // Nobody waits for an async one; its failure is a failure all the same.
      if (given instanceof Promise) given.catch(onError)
    } catch (error) {
      onError(error)
    }
  }

  #fail(what: string): void {
    this.hasFailed = true
    this.#onFailure(what)
  }
}

function isOdds(odds: unknown, eligible: ReadonlySet<Backend>): odds is ReadonlyMap<Backend, number> {
  return (
    odds instanceof Map && [...odds].every(([backend, odd]) => eligible.has(backend as Backend) && odd > 0)
  )
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
