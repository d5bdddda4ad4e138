import { isDeepStrictEqual } from 'node:util'
import type { Admin } from '../admin/start-admin.ts'
import { startAdmin } from '../admin/start-admin.ts'
import type { AdminConfig, Config } from '../config/schema.ts'
import { startBalancer } from '../control/balancer.ts'
import type { Balancer } from '../control/balancer.ts'
import type { Address } from '../core/address.ts'
import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import { ConfigError } from '../core/errors.ts'
import type { ReloadReport } from '../core/reload-report.ts'
import { NotReloadableError } from './not-reloadable-error.ts'

export interface ServiceOptions {
  readonly config: Config
  /**
   * Reads the configuration again, whole; throws a {@link ConfigError} with every problem. Without it there is nothing
   * to reload.
   */
  readonly read?: (() => Promise<Config>) | undefined
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

  /** Use {@link startService}. */
  constructor(balancer: Balancer, options: ServiceOptions) {
    this.balancer = balancer
    this.#options = options
  }

  /** Where operators look in; undefined = nowhere. */
  get adminAddress(): Address | undefined {
    return this.#admin?.address
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
    if (admin === undefined) return
    this.#admin = await this.#openAdmin(admin)
  }

  /** Ends everything at once; `balancer.drain()` first lets sessions finish. */
  async close(): Promise<void> {
    await this.balancer.close()
    await this.#admin?.close()
    await Promise.all(this.#ending)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #reloadAfter(before: Promise<unknown>, read: () => Promise<Config>): Promise<ReloadReport> {
    await before
    try {
      return await this.#apply(await read())
    } catch (error) {
      return this.#refuse(error)
    }
  }

  /** A new admin address is listened on before anything changes; whatever else of it changed comes after. */
  async #apply(next: Config): Promise<ReloadReport> {
    const before = this.balancer.config.admin
    const { admin } = next
    const isElsewhere = admin !== undefined && !isDeepStrictEqual(before?.address, admin.address)
    const opened = isElsewhere ? await this.#openAdmin(admin) : undefined
    const report = await this.balancer.reload(next)
    if (!report.ok) {
      await opened?.close()
      return report
    }
    if (opened !== undefined || admin === undefined) this.#replaceAdmin(opened)
    else if (!isDeepStrictEqual(before, admin)) await this.#reopenAdmin(admin)
    return report
  }

  /** At its old address with other rules: the old one lets go of it first. */
  async #reopenAdmin(admin: AdminConfig): Promise<void> {
    this.#replaceAdmin(undefined)
    this.#admin = await this.#openAdmin(admin)
  }

  #replaceAdmin(next: Admin | undefined): void {
    const old = this.#admin
    this.#admin = next
    if (old === undefined) return
    // Not waited for: it may be answering the very request that asked for the reload.
    const ending = old.close()
    this.#ending.add(ending)
    void ending.finally(() => this.#ending.delete(ending))
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
        ? error.problems.map(({ path, message }) => `${path}: ${message}`)
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
  const { config, clock, random } = options
  const balancer = await startBalancer(config, { clock, random })
  const service = new Service(balancer, options)
  try {
    await service.start()
  } catch (error) {
    await service.close()
    throw error
  }
  return service
}
