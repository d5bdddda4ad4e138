import { createHmac } from 'node:crypto'
import type { Backend } from '../../core/backend.ts'
import type { Pool } from '../../pool/pool.ts'
import { FieldKind } from '../../wire/field-kinds.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import type { Affinity } from './affinity.ts'

/** 64 bits in hex: no two backends of a pool share a value. */
const VALUE_DIGITS = 16

/**
 * By a cookie of ours. Its value is a hash of the pool's and the backend's name: it shows neither a name nor an
 * address, and is the same after a restart and on every balancer of the same configuration. It is no secret; all that
 * a made-up value can do is to choose a backend.
 */
export class CookieAffinity implements Affinity {
  readonly #pool: Pool
  readonly #name: string
  readonly #values = new WeakMap<Backend, string>()
  #byValue: ReadonlyMap<string, Backend> = new Map()
  #changes = -1

  constructor(pool: Pool, name: string) {
    this.#pool = pool
    this.#name = name
  }

  preferred({ fields }: RequestHead): Backend | undefined {
    for (let i = 0; i < fields.count; i++) {
      if (fields.kindAt(i) !== FieldKind.cookie) continue
      const value = cookieValue(fields.value(i), this.#name)
      if (value !== undefined) return this.#backends().get(value)
    }
    return undefined
  }

  mark(backend: Backend, { secure }: { secure: boolean }): string {
    const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
    return `Set-Cookie: ${this.#name}=${this.#valueOf(backend)}; ${attributes}\r\n`
  }

  #backends(): ReadonlyMap<string, Backend> {
    if (this.#changes !== this.#pool.changes) {
      this.#changes = this.#pool.changes
      const all = [...this.#pool.backends.values()]
      this.#byValue = new Map(all.map((backend) => [this.#valueOf(backend), backend]))
    }
    return this.#byValue
  }

  #valueOf(backend: Backend): string {
    const known = this.#values.get(backend)
    if (known !== undefined) return known
    const hash = createHmac('sha256', `fairlead ${this.#pool.name}`).update(backend.id).digest('hex')
    const value = hash.slice(0, VALUE_DIGITS)
    this.#values.set(backend, value)
    return value
  }
}

/** The first cookie of that name in a Cookie field (RFC 6265, section 4.2.1). */
function cookieValue(cookies: string, name: string): string | undefined {
  for (let at = cookies.indexOf(name); at !== -1; at = cookies.indexOf(name, at + 1)) {
    const before = at === 0 ? ';' : cookies.charAt(at - 1)
    const isName = before === ';' || before === ' ' || before === '\t'
    const start = at + name.length
    if (!isName || cookies.charAt(start) !== '=') continue
    const end = cookies.indexOf(';', start)
    return cookies.slice(start + 1, end === -1 ? undefined : end).trim()
  }
  return undefined
}
