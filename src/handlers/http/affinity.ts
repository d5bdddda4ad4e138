import type { Stickiness } from '../../config/schema.ts'
import type { Backend } from '../../core/backend.ts'
import type { Pool } from '../../pool/pool.ts'
import type { RequestHead } from '../../wire/request-head.ts'
import { CookieAffinity } from './cookie-affinity.ts'
import { HeaderAffinity } from './header-affinity.ts'

/** Keeps the requests of one client at one backend of a pool. */
export interface Affinity {
  /** Where the request belongs, if it tells; that backend may be full, or not serve at all. */
  preferred(head: RequestHead): Backend | undefined
  /** A field line for the answer that the client gets from `backend`, so that it comes back to it; `''` for none. */
  mark(backend: Backend, options: { secure: boolean }): string
}

export function affinityOf(stickiness: Stickiness, pool: Pool): Affinity | undefined {
  switch (stickiness.kind) {
    case 'cookie':
      return new CookieAffinity(pool, stickiness.name)
    case 'header':
      return new HeaderAffinity(pool, stickiness.name)
    default:
      return undefined
  }
}
