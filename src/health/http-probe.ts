import { request as requestPlain } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import type { RequestOptions } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { HttpCheckConfig } from '../config/schema.ts'
import type { Address } from '../core/address.ts'
import { formatHostPort } from '../core/address.ts'
import type { BackendTransport, CheckCode } from '../core/backend.ts'
import type { Probe } from '../core/probe.ts'
import type { Attempt, Report } from './attempt.ts'
import { runAttempt } from './attempt.ts'
import { serverName } from './tcp-probe.ts'

export interface HttpProbeOptions {
  /** Default `plain`. */
  readonly transport?: BackendTransport
  /** More for `tls.connect`, such as `ca`. */
  readonly tls?: ConnectionOptions
}

/** Most bytes of a body that are read. */
export const MAX_BODY_BYTES = 64 * 1024

/**
 * A probe that sends one GET on a connection of its own. It passes (`L7OK`) on a status within `expect` and, if a
 * text is asked for, a body whose first 64 KiB hold it. Another status is `L7STS`; what is no HTTP, breaks off
 * within what we read, or lacks the text is `L7RSP`. No redirect is followed.
 */
export function httpProbe(check: HttpCheckConfig, options: HttpProbeOptions = {}): Probe {
  return (address, signal) =>
    runAttempt(signal, (report) => new HttpAttempt({ check, address, report, options }))
}

type Stage = 'connecting' | 'handshake' | 'exchange'

class HttpAttempt implements Attempt {
  readonly connection: ClientRequest
  readonly #check: HttpCheckConfig
  readonly #report: Report
  #stage: Stage = 'connecting'
  /** What it means if the connection closes now. */
  #closedEarly = 'closed without a response'

  constructor(input: {
    check: HttpCheckConfig
    address: Address
    report: Report
    options: HttpProbeOptions
  }) {
    this.#check = input.check
    this.#report = input.report
    this.connection = this.#send(input.address, input.options)
  }

  timeout(): { code: CheckCode; text: string } {
    return TIMEOUTS[this.#stage]
  }

  #send(address: Address, options: HttpProbeOptions): ClientRequest {
    const isTls = options.transport === 'tls'
    const request = (isTls ? requestTls : requestPlain)({
      ...whereTo(address),
      ...(isTls ? { ...serverName(address), ...options.tls } : {}),
      agent: false,
      path: this.#check.path,
      headers: headersFor(address, this.#check),
    })
    request.on('error', (error) => this.#report.error(ERRORS[this.#stage], error))
    // Some early ends come without an error, such as an upgrade that nobody asked for.
    request.on('close', () => this.#report.error(ERRORS[this.#stage], new Error(this.#closedEarly)))
    request.on('response', (response) => this.#receive(response))
    request.on('socket', (socket) => {
      socket.on('connect', () => {
        this.#stage = isTls ? 'handshake' : 'exchange'
      })
      socket.on('secureConnect', () => {
        this.#stage = 'exchange'
      })
    })
    request.end()
    return request
  }

  #receive(response: IncomingMessage): void {
    const status = response.statusCode ?? 0
    const text = `${status} ${response.statusMessage ?? ''}`.trimEnd()
    this.#closedEarly = `${text}, but the response broke off`
    response.on('error', () => undefined) // The request's `close`, which comes with it, tells.
    if (!this.#check.expect.some(({ from, to }) => status >= from && status <= to)) {
      this.#report.result({ ok: false, code: 'L7STS', text })
      return
    }
    const body = new BodySearch(this.#check.bodyContains)
    const finish = (): void =>
      this.#report.result(
        body.isSatisfied
          ? { ok: true, code: 'L7OK', text }
          : { ok: false, code: 'L7RSP', text: `${text}, but its body lacks the expected text` },
      )
    response.on('data', (chunk: Buffer) => {
      if (body.read(chunk)) finish()
    })
    response.on('end', finish)
  }
}

/** Looks for a text in the first {@link MAX_BODY_BYTES} of a body, without keeping the body. */
class BodySearch {
  isSatisfied: boolean
  readonly #wanted: Buffer | undefined
  #tail = Buffer.alloc(0)
  #left = MAX_BODY_BYTES

  constructor(text: string | undefined) {
    this.#wanted = text === undefined ? undefined : Buffer.from(text)
    this.isSatisfied = text === undefined
  }

  /** Tells whether the rest of the body no longer matters. */
  read(chunk: Buffer): boolean {
    const bytes = chunk.subarray(0, this.#left)
    this.#left -= bytes.length
    if (this.#wanted !== undefined) {
      const seen = Buffer.concat([this.#tail, bytes])
      this.isSatisfied = seen.includes(this.#wanted)
      if (this.isSatisfied) return true
      // The text may begin in this chunk and end in the next one.
      this.#tail = seen.subarray(Math.max(0, seen.length - this.#wanted.length + 1))
    }
    return this.#left === 0
  }
}

/** Our names last: nothing configured may keep a connection open, and the check's own `host` wins over a header. */
function headersFor(address: Address, check: HttpCheckConfig): Record<string, string> {
  const headers: Record<string, string> = { host: hostFor(address), 'user-agent': 'fairlead-check' }
  for (const [name, value] of Object.entries(check.headers)) headers[name.toLowerCase()] = value
  if (check.host !== undefined) headers['host'] = check.host
  headers['connection'] = 'close'
  return headers
}

function hostFor(address: Address): string {
  return address.kind === 'unix' ? 'localhost' : formatHostPort(address.host, address.port)
}

function whereTo(address: Address): RequestOptions {
  if (address.kind === 'unix') return { socketPath: address.path }
  return { host: address.host, port: address.port }
}

const ERRORS: Record<Stage, CheckCode> = { connecting: 'L4CON', handshake: 'L6RSP', exchange: 'L7RSP' }

const TIMEOUTS: Record<Stage, { code: CheckCode; text: string }> = {
  connecting: { code: 'L4TOUT', text: 'no connection in time' },
  handshake: { code: 'L6TOUT', text: 'no TLS handshake in time' },
  exchange: { code: 'L7TOUT', text: 'no complete response in time' },
}
