import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Network } from './network.ts'
import { isListening, processTree } from './proc.ts'

/** Where a process runs. */
export interface Place {
  /** Pin the process, and all that it starts, to this CPU. */
  readonly cpu?: number | undefined
  /** Undefined: the machine's own. */
  readonly network?: Network | undefined
}

export interface StartOptions extends Place {
  readonly env?: Readonly<Record<string, string>>
}

/**
 * A process that the benchmark started, which ends with all that it started itself. It stays in the benchmark's session:
 * Linux shares a CPU out among sessions first (`sched_autogroup_enabled`), and what is to run only when nobody else wants
 * to would have its full share as the only process of its own.
 */
export class Child {
  readonly command: string
  /** Settles when the process is gone; never rejects. */
  readonly exited: Promise<void>
  readonly #process: ChildProcess
  #stdout = ''
  #stderr = ''
  #failure: string | undefined

  constructor(command: string, args: readonly string[], options: StartOptions = {}) {
    this.command = [command, ...args].join(' ')
    // nsenter and taskset execute the command in their own place, so the process id is the command's.
    const pin = options.cpu === undefined ? [] : ['taskset', '-c', String(options.cpu)]
    const [file = command, ...rest] = [...(options.network?.enter ?? []), ...pin, command, ...args]
    this.#process = spawn(file, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    })
    this.#process.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()))
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-MOST_STDERR)
    })
    this.exited = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#failure = error.message
        resolve()
      })
      this.#process.once('close', (code, signal) => {
        if (code !== 0) this.#failure ??= `exit ${code ?? signal}`
        resolve()
      })
    })
  }

  get pid(): number {
    const { pid } = this.#process
    if (pid === undefined)
      throw new Error(`cannot start ${this.command}: ${this.#failure ?? 'no process id'}`)
    return pid
  }

  get isRunning(): boolean {
    return this.#failure === undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** What it printed, once it ended well; rejects when it failed or is not done in time. */
  async output(timeoutMs: number): Promise<string> {
    const done = await withTimeout(this.exited, timeoutMs)
    if (!done) this.kill()
    if (!done || this.#failure !== undefined) throw this.#error(`not done within ${timeoutMs} ms`)
    return this.#stdout
  }

  /** Waits until it has printed `text`. */
  async printed(text: string, timeoutMs: number): Promise<void> {
    await this.#until(() => this.#stdout.includes(text), `did not print ${JSON.stringify(text)}`, timeoutMs)
  }

  /** Waits until somebody listens on the port, which is assumed to be this process. */
  async listening(port: number, timeoutMs = 10_000): Promise<void> {
    await this.#until(() => isListening(port, this.pid), `does not listen on ${port}`, timeoutMs)
  }

  /** Ends the process and its children at once. Safe to call in an `exit` handler. */
  kill(): void {
    killAll(this.#tree())
  }

  /** Ends it politely first, so that it can collect its children; an orphan may stay behind as a zombie. */
  async stop(): Promise<void> {
    // Listed before: what it leaves behind would no longer be found below it.
    const tree = this.#tree()
    if (this.isRunning) this.#process.kill('SIGTERM')
    await withTimeout(this.exited, POLITE_MS)
    killAll(tree)
    await this.exited
  }

  #tree(): number[] {
    const { pid } = this.#process
    return pid === undefined || !this.isRunning ? [] : processTree(pid)
  }

  async #until(condition: () => boolean, complaint: string, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!condition()) {
      if (!this.isRunning) await this.exited
      if (!this.isRunning || performance.now() > deadline) throw this.#error(complaint)
      await delay(POLL_MS)
    }
  }

  #error(complaint: string): Error {
    const said = (this.#stderr.trim() || this.#stdout.trim()).split('\n').slice(-5).join('\n')
    return new Error(`${this.command}: ${this.#failure ?? complaint}${said === '' ? '' : `: ${said}`}`)
  }
}

const MOST_STDERR = 4096
const POLL_MS = 20
const POLITE_MS = 1000

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
}

async function withTimeout(promise: Promise<void>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController()
  const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false)
  const done = await Promise.race([promise.then(() => true), late])
  timer.abort()
  return done
}
