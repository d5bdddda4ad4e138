import type { Address } from './address.ts'
import { formatAddress } from './address.ts'

/** Base of all errors that fairlead throws on purpose. `code` is stable; the message is for people. */
export class FairleadError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** One thing wrong with a configuration: where it stands and what would be right. */
export interface ConfigProblem {
  /** `--retries`, `backends[2]`, `FAIRLEAD_RETRIES` ...: the place as its author wrote it. */
  readonly path: string
  readonly message: string
  /** The configuration file that it stands in, and the line, where there are such. */
  readonly file?: string | undefined
  readonly line?: number | undefined
}

/** One line for people: `fairlead.yaml:12: pools.web.balance: must be ...`. */
export function formatProblem({ file, line, path, message }: ConfigProblem): string {
  const place = [file, line].filter((part) => part !== undefined).join(':')
  return [place, path, message].filter((part) => part !== '').join(': ')
}

/** The configuration cannot be used; `problems` holds every reason at once, never only the first. */
export class ConfigError extends FairleadError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super('FAIRLEAD_CONFIG', problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** A listener could not be opened: the address is in use, not ours, or not allowed. */
export class ListenError extends FairleadError {
  readonly address: Address

  /** @param who says what wanted to listen, where that is not plain: `the admin listener`. */
  constructor(address: Address, cause: NodeJS.ErrnoException, who?: string) {
    const where = formatAddress(address)
    const subject = who === undefined ? '' : `${who}: `
    const why: Record<string, string> = {
      EADDRINUSE: `address ${where} is already in use by another process`,
      EACCES: `not allowed to listen on ${where}: ports below 1024 and some paths need more rights`,
      EADDRNOTAVAIL: `${where} is not an address of this machine`,
    }
    const message = why[cause.code ?? ''] ?? `cannot listen on ${where}: ${cause.message}`
    super('FAIRLEAD_LISTEN', `${subject}${message}`, { cause })
    this.address = address
  }
}

/** A backend of that id, or a pool of that name, does not exist. */
export class UnknownBackendError extends FairleadError {
  constructor(id: string, known: readonly string[]) {
    super(
      'FAIRLEAD_UNKNOWN_BACKEND',
      `no backend ${JSON.stringify(id)}; there are: ${known.join(', ') || 'none'}`,
    )
  }
}

/** An operation on a balancer that has been closed. */
export class ClosedError extends FairleadError {
  constructor() {
    super('FAIRLEAD_CLOSED', 'the balancer is closed')
  }
}

/** Faults on purpose were asked for where they are not switched on. */
export class FaultsOffError extends FairleadError {
  constructor() {
    super(
      'FAIRLEAD_FAULTS_OFF',
      'faults are switched off: pass `faults: true` to createBalancer, or start with --faults; a reload cannot',
    )
  }
}

/** A stage refuses the session; the listener resets it, counts it and logs `code`. */
export class RejectedError extends FairleadError {}

/** What was awaited did not come in time. */
export class WaitTimeoutError extends FairleadError {
  readonly timeoutMs: number

  constructor(awaited: string, timeoutMs: number) {
    super('FAIRLEAD_WAIT_TIMEOUT', `waited ${timeoutMs} ms for ${awaited}`)
    this.timeoutMs = timeoutMs
  }
}

/** One thing that a balancer still held when it was closed. */
export interface Leak {
  readonly kind: 'session' | 'lease' | 'queue' | 'connection' | 'timer'
  /** What it is, and where it came from. */
  readonly text: string
}

/** A balancer that was to be closed with nothing left still held something. It is closed all the same. */
export class LeakError extends FairleadError {
  readonly leaks: readonly Leak[]

  constructor(leaks: readonly Leak[], report: string) {
    const list = leaks.map(({ kind, text }) => `  ${kind}: ${text}`).join('\n')
    super('FAIRLEAD_LEAK', `closed with ${leaks.length} left:\n${list}\n${report}`)
    this.leaks = leaks
  }
}
