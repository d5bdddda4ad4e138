import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'
import type { BackendSpec } from '../core/backend.ts'
import type { ConfigProblem } from '../core/errors.ts'

/** A backend at which the balancer itself listens: the first connection would call forth another, and so on. */
export function ownAddressProblems(listen: Address, backends: readonly BackendSpec[]): ConfigProblem[] {
  return backends
    .filter(({ address }) => isSame(listen, address))
    .map(({ address }) => ({
      path: 'backends',
      message: `${formatAddress(address)} is where this balancer listens: it would connect to itself`,
    }))
}

function isSame(listen: Address, backend: Address): boolean {
  if (listen.kind === 'unix' || backend.kind === 'unix') {
    return listen.kind === 'unix' && backend.kind === 'unix' && listen.path === backend.path
  }
  if (listen.port === 0 || listen.port !== backend.port) return false
  return listen.host === backend.host || (ANY.has(listen.host) && OURS.has(backend.host))
}

const ANY: ReadonlySet<string> = new Set(['::', '0.0.0.0'])
/** What is this machine on every machine. */
const OURS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1', '::', '0.0.0.0'])
