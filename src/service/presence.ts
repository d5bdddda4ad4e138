import type { Config } from '../config/schema.ts'
import type { Address } from '../core/address.ts'
import { formatAddress } from '../core/address.ts'
import { PidFile } from './pid-file.ts'
import { ServiceManager } from './service-manager.ts'

/** Time to close and to write the last lines, after the sessions' own. */
const CLOSING_MS = 5_000

/** What the machine around sees of a running fairlead: the file with its number, and its state at the service manager. */
export class Presence implements AsyncDisposable {
  readonly #pidFile: PidFile | undefined
  readonly #manager: ServiceManager

  /**
   * @param options.env is read, and what was meant for us alone is removed from it.
   * @param options.onProblem is told, once, why the service manager cannot be reached.
   * @throws {PidFileError} where a fairlead that lives has the file
   */
  constructor(options: {
    readonly pidFile: string | undefined
    readonly env: Record<string, string | undefined>
    readonly onProblem: (message: string) => void
  }) {
    const { pidFile, env, onProblem } = options
    this.#pidFile = pidFile === undefined ? undefined : new PidFile(pidFile)
    this.#pidFile?.assertFree()
    this.#manager = new ServiceManager({ env, onProblem })
  }

  /** All listeners are open. @throws {PidFileError} when the file cannot be written */
  appear(addresses: readonly Address[]): void {
    this.#pidFile?.write()
    this.ready(addresses)
  }

  /** Open, and done with a reload if there was one. */
  ready(addresses: readonly Address[]): void {
    void this.#manager.ready(`listening on ${addresses.map(formatAddress).join(', ')}`) // never rejects
  }

  reloading(): void {
    void this.#manager.reloading() // never rejects
  }

  /** The end has begun; it takes no longer than what is configured. */
  stopping({ shutdownDelayMs, shutdownTimeoutMs }: Config): void {
    const mostMs = shutdownTimeoutMs === 0 ? 0 : shutdownDelayMs + shutdownTimeoutMs + CLOSING_MS
    void this.#manager.stopping('draining', mostMs) // never rejects
  }

  /** The file is gone and every message is out, at most two seconds later. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#pidFile?.remove()
    await this.#manager.settled()
  }
}
