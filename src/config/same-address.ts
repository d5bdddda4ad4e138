import { isIPv6 } from 'node:net'
import type { Address } from '../core/address.ts'

/** Whether who connects to `backend` may reach who listens at `listen` on the same machine. */
export function reaches(backend: Address, listen: Address): boolean {
  if (listen.kind === 'unix' || backend.kind === 'unix') {
    return listen.kind === 'unix' && backend.kind === 'unix' && listen.path === backend.path
  }
  if (listen.port === 0 || listen.port !== backend.port) return false
  if (listen.host === backend.host) return true
  if (ANY.has(listen.host)) return OURS.has(backend.host)
  return LOOPBACKS.some((names) => names.has(listen.host) && names.has(backend.host))
}

/** Whether two cannot listen at once: one address, or one of them on all interfaces that the other could be of. */
export function collide(a: Address, b: Address): boolean {
  if (a.kind === 'unix' || b.kind === 'unix') {
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path
  }
  if (a.port === 0 || a.port !== b.port) return false
  return a.host === b.host || includes(a.host, b.host) || includes(b.host, a.host)
}

/** `::` takes IPv4 as well; `0.0.0.0` nothing else. */
function includes(all: string, host: string): boolean {
  return all === '::' || (all === '0.0.0.0' && !(isIPv6(host) && host !== '::'))
}

const ANY: ReadonlySet<string> = new Set(['::', '0.0.0.0'])
/** What leads to one place; who connects to all interfaces gets to the loopback one. */
const LOOPBACKS: readonly ReadonlySet<string>[] = [
  new Set(['127.0.0.1', 'localhost', '0.0.0.0']),
  new Set(['::1', 'localhost', '::']),
]
/** What is this machine on every machine. */
const OURS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1', '::', '0.0.0.0'])
