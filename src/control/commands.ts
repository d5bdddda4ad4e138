import type { BackendOptions } from '../config/options.ts'
import { quote } from '../config/invalid-value.ts'
import { parseBackend } from '../config/resolve.ts'
import { MOST_CONNECTIONS } from '../config/limits.ts'
import { MOST_WEIGHT } from '../config/parse-backend.ts'
import { formatAddress } from '../core/address.ts'
import type { Backend, BackendMode } from '../core/backend.ts'
import type { Clock } from '../core/clock.ts'
import { wait } from '../core/clock.ts'
import { ConfigError, UnknownBackendError } from '../core/errors.ts'
import type { SessionOutcome } from '../net/session.ts'
import { assertMs } from './assert-ms.ts'
import { BackendName } from './backend-name.ts'
import type { DataPlane } from './data-plane.ts'
import type { ManagedPool } from './managed-pool.ts'

const REMOVED: SessionOutcome = { code: 'KD', reason: 'backend-removed' }

/** How a backend is named to others. */
export interface BackendRef {
  readonly id: string
  readonly pool: string
}

/** What operators do to backends. Each tells whom it changed; undefined = it was so already. */
export class OperatorCommands {
  readonly #plane: DataPlane

  constructor(plane: DataPlane) {
    this.#plane = plane
  }

  setMode(id: string, mode: BackendMode): BackendRef | undefined {
    const { managed, backend } = this.#find(id)
    if (mode !== 'ready' && mode !== 'drain' && mode !== 'maint') {
      throw refusal('mode', `${shown(mode)} is none of ready, drain, maint`)
    }
    if (backend.mode === mode) return undefined
    managed.setMode(backend, mode)
    return refTo(backend)
  }

  setWeight(id: string, weight: number): BackendRef | undefined {
    const { managed, backend } = this.#find(id)
    assertCount('weight', weight, MOST_WEIGHT)
    if (backend.weight === weight) return undefined
    managed.pool.setWeight(backend, weight)
    return refTo(backend)
  }

  setMaxConnections(id: string, maxConnections: number): BackendRef | undefined {
    const { managed, backend } = this.#find(id)
    assertCount('maxConnections', maxConnections, MOST_CONNECTIONS)
    if (backend.maxConnections === maxConnections) return undefined
    managed.pool.setMaxConnections(backend, maxConnections)
    return refTo(backend)
  }

  addBackend(
    given: number | string | BackendOptions,
    pool: string | undefined,
  ): BackendRef & { readonly address: string } {
    const managed = pool === undefined ? this.#plane.pools[0] : this.#plane.poolNamed(pool)
    if (managed === undefined) throw refusal('pool', `no pool ${shown(pool)}`)
    const spec = parseBackend(given, { maxConnections: managed.config.backendMaxConnections })
    const address = formatAddress(spec.address)
    for (const known of managed.pool.backends.values()) {
      if (known.id !== spec.id && formatAddress(known.address) !== address) continue
      throw refusal('backend', `${known.id} (${address}) is in pool ${managed.pool.name} already`)
    }
    return { ...refTo(managed.add(spec)), address }
  }

  removeBackend(id: string, { close }: { close: boolean }): BackendRef {
    const { managed, backend } = this.#find(id)
    managed.remove(backend)
    backend.isClosed = close
    if (close) this.#plane.abortSessionsOf(backend, REMOVED)
    return refTo(backend)
  }

  /** True once no session is open on it; false when the time is up or `signal` aborts before. */
  async whenIdle(
    id: string,
    how: { readonly timeoutMs?: number; readonly signal?: AbortSignal; readonly clock: Clock },
  ): Promise<boolean> {
    const { backend } = this.#find(id)
    if (how.timeoutMs !== undefined) assertMs('timeoutMs', how.timeoutMs, 'without it there is no limit')
    if (backend.active === 0) return true
    const enough = new AbortController()
    const waiting = (backend.onIdle ??= new Set())
    let tell!: () => void
    const idle = new Promise<true>((resolve) => {
      tell = () => resolve(true)
    })
    waiting.add(tell)
    const signals = [enough.signal, ...(how.signal === undefined ? [] : [how.signal])]
    const given = AbortSignal.any(signals)
    const late =
      how.timeoutMs === undefined
        ? untilAbort(given)
        : wait(how.clock, how.timeoutMs, given).then(() => false as const)
    const isIdle = await Promise.race([idle, late])
    enough.abort()
    waiting.delete(tell)
    return isIdle
  }

  #find(id: string): { managed: ManagedPool; backend: Backend } {
    const { pools } = this.#plane
    const name = new BackendName(id, pools)
    for (const managed of pools) {
      for (const backend of managed.pool.backends.values()) {
        if (name.means(backend)) return { managed, backend }
      }
    }
    throw new UnknownBackendError(
      id,
      pools.flatMap(({ pool }) => [...pool.backends.keys()]),
    )
  }
}

function refTo({ id, pool }: Backend): BackendRef {
  return { id, pool }
}

function assertCount(path: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return
  throw refusal(path, `${shown(value)} is no whole number from 0 to ${most}`)
}

/** A text as it is, and whatever plain JavaScript may give in its place. */
function shown(value: unknown): string {
  return typeof value === 'string' ? value : quote(value)
}

function refusal(path: string, message: string): ConfigError {
  return new ConfigError([{ path, message }])
}

function untilAbort(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false)
    signal.addEventListener('abort', () => resolve(false), { once: true })
  })
}
