import { SourceHash } from '../../balance/source-hash.ts'
import type { Backend } from '../../core/backend.ts'
import type { Pool } from '../../pool/pool.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import type { Affinity } from './affinity.ts'

/** By the hash of a field's value, as `source-hash` does by the client's address. */
export class HeaderAffinity implements Affinity {
  readonly #pool: Pool
  readonly #name: string
  readonly #hash = new SourceHash()
  #eligible: readonly Backend[] = []

  constructor(pool: Pool, name: string) {
    this.#pool = pool
    this.#name = name.toLowerCase()
  }

  preferred({ fields }: RequestHead): Backend | undefined {
    for (let i = 0; i < fields.count; i++) {
      if (fields.nameLength(i) !== this.#name.length) continue
      if (fields.name(i).toLowerCase() === this.#name) return this.#pick(fields.value(i))
    }
    return undefined
  }

  mark(): string {
    return ''
  }

  #pick(value: string): Backend | undefined {
    const { eligible } = this.#pool
    // A pool makes a new list whenever anything that counts here has changed.
    if (this.#eligible !== eligible) this.#hash.update(eligible)
    this.#eligible = eligible
    return value === '' ? undefined : this.#hash.pick({ address: value })
  }
}
