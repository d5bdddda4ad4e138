import { quote } from '../config/invalid-value.ts'
import type { Backend } from '../core/backend.ts'
import { ConfigError } from '../core/errors.ts'
import type { ManagedPool } from './managed-pool.ts'

/**
 * How operators name backends: by an id, which means those of all pools, or by `pool/id`. Ids may have slashes; what is the
 * `pool/id` of a backend that a pool has means that one alone, whatever else bears it as its id.
 */
export class BackendName {
  readonly #text: string
  readonly #isFull: boolean

  /** @throws {ConfigError} for what plain JavaScript may give in place of a text */
  constructor(text: string, pools: readonly ManagedPool[]) {
    if (typeof text !== 'string') {
      throw new ConfigError([{ path: 'backend', message: `must be named by a text, not ${quote(text)}` }])
    }
    this.#text = text
    this.#isFull = pools.some(({ pool: { name, backends } }) => {
      return text.startsWith(`${name}/`) && backends.has(text.slice(name.length + 1))
    })
  }

  means({ id, pool }: Backend): boolean {
    const text = this.#text
    if (!this.#isFull && id === text) return true
    // Of ten thousand sessions, hardly any needs the whole comparison.
    return text.length === pool.length + 1 + id.length && text === `${pool}/${id}`
  }
}
