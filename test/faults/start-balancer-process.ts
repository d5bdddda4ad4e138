import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BalancerOptions } from '../../src/config/options.ts'
import type { Address } from '../../src/core/address.ts'
import type { Snapshot } from '../../src/core/snapshot.ts'
import { waitForEvent } from '../../src/testing/wait-for.ts'
import { plainly } from '../helpers/plainly.ts'
import type { Operation } from './balancer-process.ts'

const SCRIPT = fileURLToPath(new URL('balancer-process.js', import.meta.url))

const START_TIMEOUT_MS = 30_000

/** By default the young generation grows by up to 48 MB when it pleases: that would pass for memory of sessions. */
const NODE_OPTIONS = ['--max-semi-space-size=2']

interface Started {
  readonly options: BalancerOptions
  /** A command that runs the one behind it: `nsenter ...`. */
  readonly prefix?: readonly string[]
  /** Most descriptors, once it has loaded. */
  readonly descriptors?: number
}

/** Starts balancer-process.ts; killed on dispose. */
export async function startBalancerProcess(started: Started): Promise<BalancerProcess> {
  const { options, prefix = [], descriptors } = started
  const limit = descriptors === undefined ? [] : [String(descriptors)]
  const [command = process.execPath, ...rest] = [
    ...prefix,
    process.execPath,
    ...NODE_OPTIONS,
    SCRIPT,
    JSON.stringify(options),
    ...limit,
  ]
  const child = spawn(...plainly(command, rest), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const balancer = new BalancerProcess(child)
  try {
    await waitForEvent(balancer, 'ready', undefined, { timeoutMs: START_TIMEOUT_MS })
    return balancer
  } catch (error) {
    await balancer[Symbol.asyncDispose]()
    throw error
  }
}

/** A balancer in another process. It emits the balancer's events, and `ready` and `exit`. */
export class BalancerProcess extends EventEmitter implements AsyncDisposable {
  /** All events so far, with their payload. */
  readonly seen: { readonly name: string; readonly payload: unknown }[] = []
  readonly #child: ChildProcess
  #lastId = 0

  constructor(child: ChildProcess) {
    super()
    this.#child = child
    // Without a listener, an `error` event would end the test process instead of the test.
    this.on('error', () => undefined)
    child.on('error', (error) => this.emit('error', error))
    child.on('exit', (code, signal) => {
      this.emit('error', new Error(`the balancer's process ended with ${signal ?? code}`))
    })
    child.on('message', (message: { id?: number; event?: string; answer?: unknown; payload?: unknown }) => {
      if (message.event === undefined) {
        this.emit(`answer ${message.id}`, message.answer)
        return
      }
      this.seen.push({ name: message.event, payload: message.payload })
      this.emit(message.event, message.payload)
    })
  }

  address(): Promise<Address> {
    return this.#ask('address') as Promise<Address>
  }

  snapshot(): Promise<Snapshot> {
    return this.#ask('snapshot') as Promise<Snapshot>
  }

  /** How many descriptors it has open. */
  descriptors(): Promise<number> {
    return this.#ask('descriptors') as Promise<number>
  }

  /** Resident bytes after a full garbage collection. */
  async residentBytes(): Promise<number> {
    return ((await this.#ask('memory')) as NodeJS.MemoryUsage).rss
  }

  /** Its loop stands still for so long; resolves afterwards. */
  async block(ms: number): Promise<void> {
    await this.#ask('block', ms)
  }

  kill(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async #ask(operation: Operation, argument?: number): Promise<unknown> {
    const id = ++this.#lastId
    const answered = waitForEvent(this, `answer ${id}`, undefined, { timeoutMs: START_TIMEOUT_MS })
    this.#child.send({ id, operation, argument })
    return (await answered)[0]
  }
}
