import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

/** `systemd-notify` waits until systemd has read the message; a manager that hangs must not hold up our end. */
const PATIENCE_MS = 2_000

type Env = Record<string, string | undefined>

/**
 * Tells the service manager how we are (sd_notify(3)). Node has no datagram sockets of the unix kind, so that the
 * messages go through the program `systemd-notify`, one after the other; for that the unit needs `NotifyAccess=all`.
 * Nothing here rejects: a manager that cannot be reached costs one call of `onProblem`, and no more is sent.
 */
export class ServiceManager {
  readonly #isWanted: boolean
  readonly #env: Env
  readonly #onProblem: (message: string) => void
  #sending: Promise<void> = Promise.resolve()
  #isBroken = false

  /** Without `NOTIFY_SOCKET` in the environment nobody wants to know. It is removed: no other child shall use it. */
  constructor(options: { readonly env: Env; readonly onProblem: (message: string) => void }) {
    const { env } = options
    this.#env = { ...env }
    this.#isWanted = (env['NOTIFY_SOCKET'] ?? '') !== ''
    this.#onProblem = options.onProblem
    delete env['NOTIFY_SOCKET']
  }

  /** All listeners are open, or a reload is over. `status` is a line for people. */
  ready(status: string): Promise<void> {
    return this.#send(['READY=1', `STATUS=${status}`])
  }

  /** A reload begins; {@link ready} ends it. */
  reloading(): Promise<void> {
    const microseconds = process.hrtime.bigint() / 1_000n
    return this.#send(['RELOADING=1', `MONOTONIC_USEC=${microseconds}`, 'STATUS=reloading'])
  }

  /** The end has begun. `mostMs`: how long it may take, so that nobody kills us before; 0 = nobody knows. */
  stopping(status: string, mostMs: number): Promise<void> {
    const extend = mostMs > 0 ? [`EXTEND_TIMEOUT_USEC=${Math.ceil(mostMs * 1_000)}`] : []
    return this.#send(['STOPPING=1', `STATUS=${status}`, ...extend])
  }

  /** Resolves once everything is sent, or cannot be. */
  settled(): Promise<void> {
    return this.#sending
  }

  #send(assignments: readonly string[]): Promise<void> {
    if (!this.#isWanted) return this.#sending
    this.#sending = this.#sendAfter(this.#sending, assignments)
    return this.#sending
  }

  async #sendAfter(previous: Promise<void>, assignments: readonly string[]): Promise<void> {
    await previous
    if (this.#isBroken) return
    const problem = await notify(assignments, this.#env).catch(({ message }: Error) => message)
    if (problem === undefined) return
    this.#isBroken = true
    this.#onProblem(problem)
  }
}

/** Gives what went wrong; undefined = nothing. */
function notify(assignments: readonly string[], env: Readonly<Env>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('systemd-notify', assignments.map(oneLine), {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: PATIENCE_MS,
    })
    let said = ''
    // Without descriptors there is no such stream, whatever its type says; the error follows.
    const stderr: Readable | undefined = child.stderr
    stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ENOENT' ? 'the program systemd-notify is not installed' : error.message)
    })
    child.on('close', (code, signal) => {
      if (code === 0) resolve(undefined)
      else resolve(`systemd-notify: ${said.trim() || (signal ?? `exit code ${code}`)}`)
    })
  })
}

/** A line end would begin another assignment. */
function oneLine(assignment: string): string {
  return assignment.replaceAll(/[\r\n]+/g, ' ')
}
