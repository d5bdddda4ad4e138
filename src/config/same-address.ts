import type { Address } from '../core/address.ts'

/** Whether who connects to `backend` may reach who listens at `listen` on the same machine. */
export function reaches(backend: Address, listen: Address): boolean {
  if (listen.kind === 'unix' || backend.kind === 'unix') {
    return listen.kind === 'unix' && backend.kind === 'unix' && listen.path === backend.path
  }
  if (listen.port === 0 || listen.port !== backend.port) return false
  return listen.host === backend.host || (ANY.has(listen.host) && OURS.has(backend.host))
}

/** Whether two cannot listen at once: one address, or one of them on all interfaces. */
export function collide(a: Address, b: Address): boolean {
  if (a.kind === 'unix' || b.kind === 'unix') {
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path
  }
  if (a.port === 0 || a.port !== b.port) return false
  return a.host === b.host || ANY.has(a.host) || ANY.has(b.host)
}

const ANY: ReadonlySet<string> = new Set(['::', '0.0.0.0'])
/** What is this machine on every machine. */
const OURS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1', '::', '0.0.0.0'])
