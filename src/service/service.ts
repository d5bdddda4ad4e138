import { isDeepStrictEqual } from 'node:util'
import type { Admin } from '../admin/start-admin.ts'
import { loadAdmin, startAdmin } from '../admin/start-admin.ts'
import type { AdminConfig, Config } from '../config/schema.ts'
import { overlaps } from '../control/address-overlap.ts'
import { startBalancer } from '../control/create-balancer.ts'
import type { Balancer } from '../control/balancer.ts'
import type { Address } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import { ConfigError, formatProblem } from '../core/errors.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import type { InheritedSockets } from '../net/inherited-sockets.ts'
import type { ConfigWatch } from './config-watch.ts'
import { NotReloadableError } from './not-reloadable-error.ts'
import type { Presence } from './presence.ts'

export interface ServiceOptions {
  readonly config: Config
  /**
   * Reads the configuration again, whole; throws a {@link ConfigError} with every problem. Without it there is nothing
   * to reload.
   */
  readonly read?: (() => Promise<Config>) | undefined
  /** Reloads when it tells of a change. Closed with the service. */
  readonly watch?: ConfigWatch | undefined
  /** Is told when it is ready, reloads and stops. The caller's to end. */
  readonly presence?: Presence | undefined
  readonly inherited?: InheritedSockets | undefined
  /** Called once, before the first address is opened: from then on there is something to end well. */
  readonly onOpening?: (() => void) | undefined
  /** Is given the balancer when it listens, before its first checks. */
  readonly onBegun?: ((balancer: Balancer) => void) | undefined
  readonly clock?: Clock | undefined
  readonly random?: (() => number) | undefined
}

/** Everything of one configuration: the balancer, and the admin listener where it asks for one. */
export class Service implements AsyncDisposable {
  readonly balancer: Balancer
  readonly #options: ServiceOptions
  #admin: Admin | undefined
  /** Admin listeners that a reload replaced: they end on their own, and are waited for at the end. */
  readonly #ending = new Set<Promise<void>>()
  #last: Promise<unknown> = Promise.resolve()
  /** What was read is being put in force. */
  #applying: Promise<unknown> = Promise.resolve()

  /** Use {@link startService}. */
  constructor(balancer: Balancer, options: ServiceOptions) {
    this.balancer = balancer
    this.#options = options
  }

  /** Where operators look in; undefined = nowhere. */
  get adminAddress(): Address | undefined {
    return this.#admin?.address
  }

  get isReloadable(): boolean {
    return this.#options.read !== undefined
  }

  /**
   * Reads the configuration again and makes it the one in force. Never rejects: the report says what changed, or why
   * nothing did. One at a time, in the order of the calls.
   *
   * @throws {NotReloadableError} where there is nothing to read again
   */
  reload(): Promise<ReloadReport> {
    const { read } = this.#options
    if (read === undefined) throw new NotReloadableError()
    const report = this.#reloadAfter(this.#last, read)
    this.#last = report
    return report
  }

  /** Called by {@link startService}. */
  async start(): Promise<void> {
    const { admin } = this.balancer.config
    if (admin !== undefined) this.#admin = await this.#openAdmin(admin)
    const { presence, watch } = this.#options
    presence?.appear(this.balancer.addresses)
    watch?.begin(() => void this.reload()) // never rejects
  }

  /**
   * Stops as configured: not ready any more, still accepting for a while, no new sessions, the time for open ones to end.
   * Operators look in until the last of it.
   */
  async drain(): Promise<void> {
    this.#options.watch?.close()
    this.#options.presence?.stopping(this.balancer.config)
    await this.balancer.drain()
    await this.close()
  }

  /** Ends everything at once. */
  async close(): Promise<void> {
    this.#options.watch?.close()
    await this.balancer.close()
    // It may be opening an admin listener, or taking one again.
    await this.#applying.catch(() => undefined)
    await this.#admin?.close()
    await Promise.all(this.#ending)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #reloadAfter(before: Promise<unknown>, read: () => Promise<Config>): Promise<ReloadReport> {
    await before
    const { presence } = this.#options
    presence?.reloading()
    try {
      const report = this.#apply(await read())
      this.#applying = report
      return await report
    } catch (error) {
      return this.#refuse(error)
    } finally {
      // Once it stops, it is not ready any more.
      if (this.balancer.state === 'running') presence?.ready(this.balancer.addresses)
    }
  }

  /**
   * A new admin address is listened on before anything changes. Where it cannot be had beside the old one, that lets go
   * of it first, and takes it again if the rest fails.
   */
  async #apply(next: Config): Promise<ReloadReport> {
    const before = this.balancer.config.admin
    const { admin } = next
    // One that could not be taken again, when a reload failed, is missing.
    const isThere = (admin === undefined) === (this.#admin === undefined)
    const isSame = isThere && isDeepStrictEqual(before, admin)
    if (isSame || this.balancer.state !== 'running') return await this.balancer.reload(next)
    const old = this.#admin
    const isInTheWay = old !== undefined && admin !== undefined && overlaps(old.address, admin.address)
    if (isInTheWay) this.#end(old)
    let opened: Admin | undefined
    try {
      opened = admin === undefined ? undefined : await this.#openAdmin(admin)
      const report = await this.balancer.reload(next)
      if (report.ok) {
        this.#admin = opened
        if (!isInTheWay && old !== undefined) this.#end(old)
        return report
      }
      await opened?.close()
      if (isInTheWay) await this.#takeAgain(before)
      return report
    } catch (error) {
      if (isInTheWay) await this.#takeAgain(before)
      throw error
    }
  }

  async #takeAgain(before: AdminConfig | undefined): Promise<void> {
    this.#admin = undefined
    if (before !== undefined) this.#admin = await this.#openAdmin(before)
  }

  /** Not waited for: it may be answering the very request that asked for the reload. */
  #end(admin: Admin): void {
    const ending = admin.close()
    this.#ending.add(ending)
    void ending.finally(() => this.#ending.delete(ending)) // never rejects
  }

  #openAdmin({ address, token, hosts }: AdminConfig): Promise<Admin> {
    return startAdmin(this.balancer, {
      address,
      token,
      hosts,
      clock: this.#options.clock ?? systemClock,
      reload: this.#options.read === undefined ? undefined : () => this.reload(),
    })
  }

  #refuse(error: unknown): ReloadReport {
    const problems =
      error instanceof ConfigError
        ? error.problems.map(formatProblem)
        : [error instanceof Error ? error.message : String(error)]
    const at = (this.#options.clock ?? systemClock).wallTime()
    const report: ReloadReport = { at, ok: false, changes: [], problems, needsRestart: [] }
    this.balancer.emit('config:reload', report)
    return report
  }
}

/**
 * Starts everything that a configuration asks for, and resolves once it listens.
 *
 * @throws {ListenError} when an address cannot be had; none is listened on then
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, clock, random, inherited, onOpening, onBegun } = options
  // It has heard all events from the first on, unless it is loaded meanwhile.
  if (config.admin !== undefined) await loadAdmin()
  let service = undefined as Service | undefined
  const onListening = async (balancer: Balancer): Promise<void> => {
    onBegun?.(balancer)
    service = new Service(balancer, options)
    await service.start()
  }
  try {
    await startBalancer(config, { clock, random, inherited, onOpening, onListening })
  } catch (error) {
    await service?.close()
    throw error
  }
  return service as Service
}
